import { setTimeout as sleep } from 'node:timers/promises';
import type { EncodedCommand } from '../../contracts/command-proof.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import type { CommandRequest, Outgoing } from '../../contracts/plugin.ts';
import type { Lane } from './lane.ts';
import type { Located } from './located.ts';
import { openLanes } from './open-lanes.ts';
import type { IngestDeps, IngestOptions } from './options.ts';
import { orderedSteps } from './ordered-steps.ts';
import type { SavedState } from './ordered-steps.ts';
import { recovery } from './recovery.ts';
import type { PluginDescriptor } from './task.ts';

export interface IngestStats {
  /** Envelopes that wait for a thread. */
  readonly queued: number;
  /** Bytes between arrival and commit. */
  readonly queuedBytes: number;
  /** Batches in the threads. */
  readonly batches: number;
  /** Threads replaced since the start, after a crash or a deadline. */
  readonly threadsReplaced: number;
  readonly knowledgeVersion: number;
}

/** The stage between transports and buffer. Close the transports before it: closing lets what it took in commit. */
export interface IngestStage extends AsyncDisposable {
  readonly ingest: Ingest;
  plugins(): readonly PluginDescriptor[];
  /** A command in the device's own words, and what will show that it was done. Rejects with COMMAND_INVALID for a wrong name or wrong arguments. */
  encode(plugin: string, command: string, request: CommandRequest): Promise<EncodedCommand<Outgoing>>;
  /** Where devices stand from now on, by the registry; it wins over the rooms of the configuration. */
  locate(located: readonly Located[]): void;
  /** Which logins there are from now on: what another one taught belongs to nobody any more. */
  believe(isLogin: (user: string) => boolean): void;
  /** Keeps all that these devices say, repetitions too, because somebody waits for their answer. Asked for each message. */
  heed(isAwaited: (device: string) => boolean): void;
  /** Deletes what the steps remember of a device: counters and open windows. */
  forget(device: string): Promise<void>;
  stats(): IngestStats;
}

const closeWithinMs = 10_000;

/**
 * Starts the threads, loads the plugins in them and what the store knows about knowledge, counters and windows.
 * Rejects with CONFIG_INVALID, in a sentence, for a plugin that does not load or does not like its configuration.
 */
export async function openIngest(options: IngestOptions, deps: IngestDeps): Promise<IngestStage> {
  await using opening = new AsyncDisposableStack();
  const { store, clock, log } = deps;
  const steps = orderedSteps(options.steps, clock);
  steps.load(await savedState(deps));
  const committing = { append: deps.append, steps, log, onLostState: () => restoring.begin() };
  const lanes = opening.use(await openLanes(options, committing, deps));
  const [threads] = lanes.all;
  const names = lanes.plugins.map(({ name }) => name);
  const restoring = recovery(async () => {
    for (const lane of lanes.all) lane.hold();
    await Promise.all(lanes.all.map(({ committer }) => committer.quiet()));
    steps.load(await savedState(deps));
    for (const lane of lanes.all) lane.resume();
  }, log);
  const windows = closeWindowsRegularly(options, () => {
    if (!restoring.running) threads?.committer.closeWindows();
  });
  const open = opening.move();
  const sum = (of: (lane: Lane) => number): number => lanes.all.reduce((total, lane) => total + of(lane), 0);
  let closed = false;

  return {
    ingest: (envelope, alongside) => lanes.laneFor(envelope).ingest(envelope, alongside),
    plugins: () => lanes.plugins,
    encode: (plugin, command, request) => {
      const at = names.indexOf(plugin);
      return encode(lanes.laneOf(at), [at, plugin, command], request);
    },
    locate: (located) => lanes.locate(located),
    believe: (isLogin) => lanes.believe(isLogin),
    heed: (isAwaited) => steps.heed(isAwaited),
    forget: (device) => store.write(steps.forget(device)),
    stats: () => ({
      queued: sum(({ queued }) => queued),
      queuedBytes: sum(({ bytes }) => bytes),
      batches: sum(({ inFlight }) => inFlight),
      threadsReplaced: sum(({ pool }) => pool.replaced),
      knowledgeVersion: sum(({ knowledge }) => knowledge.version),
    }),
    async [Symbol.asyncDispose]() {
      if (closed) return open.disposeAsync();
      closed = true;
      for (const lane of lanes.all) lane.close();
      clearInterval(windows);
      const until = clock.monoMs() + closeWithinMs;
      while (sum(({ bytes }) => bytes) > 0 && clock.monoMs() < until) await sleep(5);
      await open.disposeAsync();
      const lessons = lanes.all.flatMap(({ knowledge }) =>
        knowledge.takeUnsaved().map((change) => knowledge.writeOf(change)),
      );
      const unsaved = [...steps.unsaved(), ...lessons];
      if (unsaved.length > 0) await store.write(unsaved);
    },
  };
}

async function encode(
  { runner, knowledge }: Lane,
  [plugin, name, command]: readonly [number, string, string],
  { device, args }: CommandRequest,
): Promise<EncodedCommand<Outgoing>> {
  if (plugin < 0) throw new PortcullisError('COMMAND_INVALID', `There is no plugin ${name}.`);
  const reply = await runner.ask((everything) => ({
    task: { is: 'encode', briefing: knowledge.briefing(everything), plugin, command, request: { device, args } },
    position: () => 0,
  }));
  if (reply.is === 'encoded') return { outbound: reply.outbound, proof: reply.proof };
  if (reply.is === 'failed') throw new PortcullisError(reply.code, reply.detail);
  throw new PortcullisError('INTERNAL', `The command ${command} could not be encoded: its thread ${reply.is}.`);
}

async function savedState({ store }: IngestDeps): Promise<SavedState> {
  const [series, windows] = await Promise.all([store.read('ingest.series', []), store.read('ingest.windows', [])]);
  return { series, windows };
}

function closeWindowsRegularly({ steps }: IngestOptions, close: () => void): NodeJS.Timeout | undefined {
  const shortest = Math.min(...Object.values(steps.rollup).map(({ windowMs }) => windowMs));
  if (shortest === Infinity) return undefined;
  return setInterval(close, Math.min(60_000, Math.max(1_000, shortest / 10))).unref();
}
