import { openCommands, type Commands } from './commands/open-commands.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Config } from './config/schema.ts';
import type { GatewayDeps } from './gateway.ts';
import type { OpenLiveView } from './live/open-live-view.ts';
import type { Outlet } from './outlets.ts';
import type { IngestStage } from './preprocess/ingest.ts';
import type { Registry } from './registry/open-registry.ts';
import { commandOptions } from './stage-options.ts';
import type { TwinLead, Twins } from './twin/open-twins.ts';

export interface ActuationStages {
  readonly buffer: Buffer;
  readonly registry: Registry;
  readonly ingest: IngestStage;
  readonly live: OpenLiveView;
  readonly outlet: Outlet;
  readonly twins: Twins;
}

/** What devices shall do, for whoever asks for it. */
export interface Actuation {
  readonly commands: Commands;
  readonly twins: Twins & Pick<TwinLead<Commands>, 'edit'>;
}

/**
 * The way back: commands are encoded by the plugins, go out over the broker or a line of the board, and are proved by what
 * the live view shows.
 * Twins bring wishes to devices by them, and decide about commands that come late. `stack` ends both.
 */
export async function openActuation(
  config: Config,
  stages: ActuationStages,
  deps: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<Actuation> {
  const commands = stack.use(await open(config, stages, deps));
  const lead = stack.use(await stages.twins.lead(commands));
  return { commands: lead.desk, twins: { ...stages.twins, edit: (edit, by) => lead.edit(edit, by) } };
}

function open(
  config: Config,
  { buffer, registry, ingest, live, outlet, twins }: ActuationStages,
  { log, clock, switches }: GatewayDeps,
): Promise<Commands> {
  return openCommands(commandOptions(config, switches), {
    append: twins.watch(live.watch(buffer.append)),
    store: buffer,
    live,
    directory: registry,
    plugins: () => ingest.plugins(),
    encode: async (plugin, command, request) => {
      const encoded = await ingest.encode(plugin, command, request);
      for (const one of encoded.outbound) outlet.check(one, plugin);
      return encoded;
    },
    reaches: (topic) => outlet.reaches(topic),
    publish: (outbound) => outlet.publish(outbound),
    heed: (isAwaited) => ingest.heed(isAwaited),
    log,
    clock,
  });
}
