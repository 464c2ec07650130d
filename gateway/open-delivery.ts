import type { Ingest } from '../contracts/pipeline.ts';
import type { CommandPort } from '../contracts/command.ts';
import type { Fence } from '../contracts/fence.ts';
import type { Message } from '../contracts/message.ts';
import type { Sink } from '../contracts/sink.ts';
import type { SinkControl } from './api/sink-routes.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Config } from './config/schema.ts';
import { startDeliveryLoop, type DeliveryLoop } from './delivery/delivery-loop.ts';
import { fencedSink, openFence } from './delivery/fence.ts';
import type { UplinkCut } from './delivery/uplink-cut.ts';
import type { GatewayDeps } from './gateway.ts';
import type { OpenIdentity } from './open-identity.ts';
import type { Registry } from './registry/open-registry.ts';
import { influxOptions, kafkaOptions, tuyaOptions } from './stage-options.ts';

export interface DeliveryStages {
  /** The gateway's name, and which of those that have it. */
  readonly own: OpenIdentity;
  readonly buffer: Buffer;
  readonly registry: Registry;
  readonly ingest: Ingest;
  /** For the test that shows what a lost uplink costs. */
  readonly cut: UplinkCut;
  /** Takes what sinks bring back. */
  readonly commands: CommandPort;
}

type FencedStages = DeliveryStages & { readonly fence: Fence };

/**
 * One loop per configured sink, which `stack` ends. Clients are large: a gateway that does without a sink does without
 * its client too.
 */
export async function openDelivery(
  { dataDir, cloud, kafka, influx }: Config,
  stages: DeliveryStages,
  deps: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<SinkControl[]> {
  const controls: SinkControl[] = [];
  const { name: gateway, identity } = stages.own;
  const fence = stack.use(await openFence({ dataDir, gateway, identity, log: deps.log }));
  const fenced = { ...stages, fence };
  if (cloud.tuya) controls.push(await openTuya(cloud.tuya, fenced, deps, stack));
  if (kafka) controls.push(await openKafka(kafka, fenced, deps, stack));
  if (influx) controls.push(await openInflux(influx, fenced, deps, stack));
  return controls;
}

async function openInflux(
  influx: NonNullable<Config['influx']>,
  { buffer, cut, fence }: FencedStages,
  deps: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<SinkControl> {
  const { openInfluxSink } = await import('./delivery/influx/influx-sink.ts');
  const sink = stack.use(openInfluxSink(await influxOptions(influx), deps));
  const loop = stack.use(startLoop(cut.through(sink), { buffer, fence }, deps));
  return { status: () => loop.status(), resume: () => Promise.resolve(loop.resume()) };
}

async function openTuya(
  tuya: NonNullable<Config['cloud']['tuya']>,
  { buffer, cut, registry, ingest, commands, fence }: FencedStages,
  deps: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<SinkControl> {
  const { openTuyaSink } = await import('./delivery/tuya/tuya-sink.ts');
  const { startDownlink } = await import('./delivery/tuya/down/start-downlink.ts');
  const { log, clock } = deps;
  const options = await tuyaOptions(tuya);
  const sink = stack.use(openTuyaSink(options, { store: buffer, directory: registry, commands, fence, log, clock }));
  const loop = stack.use(startLoop(cut.through(sink), { buffer, fence }, deps));
  const down = { link: sink.link, store: buffer, ingest, commands, cutMs: () => cut.leftMs(), log };
  const downlink = tuya.longPoll ? whileOurs(fence, () => startDownlink(options, down), stack) : undefined;
  const resume = async (): Promise<void> => {
    await sink.retryRejected();
    loop.resume();
    downlink?.resume();
  };
  return { status: () => loop.status(), resume };
}

async function openKafka(
  kafka: NonNullable<Config['kafka']>,
  { own: { name, identity }, buffer, cut, commands, fence }: FencedStages,
  deps: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<SinkControl> {
  const [{ openKafkaSink }, { startDeadLetterFeed }, { startCommandsIn }] = await Promise.all([
    import('./delivery/kafka/kafka-sink.ts'),
    import('./delivery/kafka/dead-letter-feed.ts'),
    import('./delivery/kafka/commands-in.ts'),
  ]);
  const { log, clock, traces } = deps;
  const options = await kafkaOptions(kafka, name);
  const { deadLetters: topic, commands: commandTopic } = options.topics;
  const traceparentOf = traces && ((message: Message) => traces.traceparentOf(message, 'kafka'));
  const sink = stack.use(openKafkaSink(options, { log, traceparentOf, fence }));
  const loop = stack.use(startLoop(cut.through(sink), { buffer, fence }, deps));
  if (topic !== null) {
    const isOpen = (): boolean => cut.leftMs() === 0 && ['idle', 'writing'].includes(loop.status().state);
    const read = (query: { after: number; limit: number }) => buffer.deadLetters(query);
    const own = { gateway: name, epoch: identity.epoch };
    stack.use(startDeadLetterFeed({ sink, topic, ...own, read, store: buffer, isOpen, log }));
  }
  if (commandTopic !== null) {
    const { append } = buffer;
    const taking = { commands, append, store: buffer, wallMs: () => clock.wallMs(), cutMs: () => cut.leftMs(), log };
    whileOurs(fence, () => startCommandsIn(options, commandTopic, taking), stack);
  }
  return { status: () => loop.status(), resume: () => Promise.resolve(loop.resume()) };
}

/** What hears commands from afar ends when another gateway runs in this one's place. */
function whileOurs<Kind extends AsyncDisposable>(
  { signal }: Fence,
  start: () => Kind,
  stack: AsyncDisposableStack,
): Kind | undefined {
  if (signal.aborted) return undefined;
  const started = stack.use(start());
  signal.addEventListener('abort', () => void started[Symbol.asyncDispose](), { once: true });
  return started;
}

/** An outage is noted in the ledger, so that it can show what was captured meanwhile. */
function startLoop(
  far: Sink,
  { buffer, fence }: Pick<FencedStages, 'buffer' | 'fence'>,
  { log, clock, switches, traces }: GatewayDeps,
): DeliveryLoop {
  const sink = fencedSink(traces?.watchSink(far) ?? far, fence);
  const onOutage = (name: string, change: 'started' | 'ended'): void => {
    const noted = change === 'started' ? buffer.outageStarted(name) : buffer.outageEnded(name);
    noted.catch((err: unknown) => log.warn({ err, sink: name }, 'cannot note the outage in the ledger'));
  };
  return startDeliveryLoop({
    sink,
    outlet: buffer,
    log,
    clock,
    onOutage,
    settle: switches.settle,
  });
}
