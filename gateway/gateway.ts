import type { Logger } from 'pino';
import { PortcullisError } from '../contracts/errors.ts';
import { listenApi } from './api/listen-api.ts';
import { pluginRoutes } from './api/plugin-routes.ts';
import { readRoutes, type ReadModel } from './api/read-routes.ts';
import { sinkRoutes } from './api/sink-routes.ts';
import { openBuffer, type Buffer } from './buffer/buffer.ts';
import { openOwnership } from './config/ownership.ts';
import type { HandlePorts } from './cells/handles/handle-broker.ts';
import type { Config } from './config/schema.ts';
import type { TestSwitches } from './config/test-switches.ts';
import { consoleAssets } from './console/console-assets.ts';
import { withPicture } from './console/home-document.ts';
import { countStages } from './count-stages.ts';
import type { Clock } from './lib/clock.ts';
import { openHistory, type History } from './history/open-history.ts';
import { openLiveView } from './live/open-live-view.ts';
import { openAlarmBook, type ActiveAlarm, type AlarmBook } from './observability/alarms.ts';
import { openMetrics } from './observability/metrics.ts';
import type { RecentLog } from './observability/recent-log.ts';
import { accessRoutes, openAccessStage, openIdentityProvider } from './open-access.ts';
import { openActuation } from './open-actuation.ts';
import { openAlarmDesk } from './open-alarm-desk.ts';
import { openDelivery } from './open-delivery.ts';
import { openUplinkCut } from './delivery/uplink-cut.ts';
import { openHardware, type Hardware } from './open-hardware.ts';
import { openRuleDesk } from './open-rules.ts';
import { openIdentity } from './open-identity.ts';
import { openNodeRed } from './open-node-red.ts';
import { openTracing } from './open-tracing.ts';
import { outletsOf } from './outlets.ts';
import { openPlugins, type PluginStatus } from './hosting/open-plugins.ts';
import { openPluginUploads } from './hosting/plugin-uploads.ts';
import { openTraffic } from './preflight/open-traffic.ts';
import { openIngest, type IngestStage } from './preprocess/ingest.ts';
import { deviceAccess } from './registry/device-access.ts';
import { dataRoutes } from './data-routes.ts';
import { deviceRoutes } from './device-routes.ts';
import { openRegistry } from './registry/open-registry.ts';
import { allTables } from './all-tables.ts';
import { apiOptions, bufferOptions, ingestOptions, mqttOptions } from './stage-options.ts';
import { machineRoutes } from './system-model.ts';
import { listenMqtt, type MqttTransport } from './transports/mqtt/listen-mqtt.ts';
import type { Traces } from './traces/open-traces.ts';
import { openTwins } from './twin/open-twins.ts';
import { version } from './version.ts';

export interface GatewayDeps {
  /** The configuration before defaults were filled in, every path absolute. */
  readonly written: object;
  readonly log: Logger;
  /** What `log` printed last. */
  readonly recentLog: RecentLog;
  readonly clock: Clock;
  readonly switches: TestSwitches;
  /** There once the gateway has opened them, by configuration. */
  readonly traces?: Traces | undefined;
}

export interface Gateway extends AsyncDisposable {
  /** Resolves when the gateway cannot go on and the process should end with the error's exit code. */
  readonly failed: Promise<PortcullisError>;
  /** Resolves when it wants to be started anew, which it does only where somebody does that. */
  readonly restarts: Promise<'restart'>;
  /** Resolves after a commit of its own: the writer thread and the disk behind it work. */
  probe(): Promise<void>;
}

/**
 * Wires the stages, far side first, so that nothing is taken from a device before there is a place for it:
 *
 *     device → mqtt, serial, gpio → ingest (plugins, preprocess) → buffer → delivery → sinks
 *
 * The way back goes by `commands`: it looks at the live view of what was stored, and publishes over mqtt, or writes to a line of the board.
 * Disposing goes the other way: the broker stops first, then ingest lets what it took in commit, the buffer closes last.
 * Throws a PortcullisError in one sentence when a port, a folder or a plugin is not as it should be.
 */
export async function startGateway(config: Config, given: GatewayDeps): Promise<Gateway> {
  await using starting = new AsyncDisposableStack();
  const own = await openIdentity(config);
  const { name } = own;
  const deps = await openTracing(config, name, given, starting);
  const { log, clock, switches } = deps;
  const metrics = starting.use(openMetrics());
  const alarms = starting.use(openAlarmBook(() => clock.wallMs(), logAlarm(log)));
  const buffer = starting.use(await openBuffer(bufferOptions(config, own, allTables, switches), { log, clock }));

  const history = config.history.enabled ? openHistory(buffer) : undefined;
  const traffic = starting.use(openTraffic({ store: buffer, log, clock }));
  const plugins = starting.use(await openPlugins(config, { log, clock }));
  const directory = { find: (id: string) => registry.find(id), devices: () => registry.devices() };
  const twins = await openTwins({ append: buffer.append, store: buffer, directory, log, clock, ...switches });
  const live = openLiveView({ log });
  const changes = live.watch(twins.follow(buffer.append));
  const registry = starting.use(await openRegistry({ append: changes, store: buffer, log, clock }));
  const desk = await openAlarmDesk(config, { name, metrics, buffer, registry, live, book: alarms }, deps, starting);
  const append = twins.watch(live.watch(registry.watch(buffer.append)));
  const ingest = starting.use(await openIngest(ingestOptions(config, plugins), { append, store: buffer, log, clock }));
  plugins.noteRefused(ingest.plugins());
  registry.followPlaces((moved) => ingest.locate(moved));

  const traced = deps.traces?.watchIngest(ingest.ingest) ?? ingest.ingest;
  const taken = traffic.watch(traced);
  const known = { ingest: taken, store: buffer, plugins: ingest.plugins(), metrics, log, clock };
  const hardware = starting.use(await openHardware(config, known));
  const ownership = await openOwnership(config, () => clock.monoMs());
  const broker = await mqttOptions(config, name, { switches, ownership }, clock.wallMs());
  const mqtt = starting.use(await listenMqtt(broker, { ...known, onUsers: (isUser) => ingest.believe(isUser) }));
  await desk.tellPeople((message) => mqtt.publish(message));

  const access = deviceAccess({ registry, broker: mqtt.logins, forgetData: forgetting(ingest, buffer, history), log });
  await access.settle();

  const stages = { buffer, registry, ingest, live, outlet: outletsOf(hardware, mqtt, log), twins };
  const actuation = await openActuation(config, stages, deps, starting);
  const cut = openUplinkCut(clock);
  const delivered = { own, cut, buffer, registry, ingest: traced, commands: actuation.commands };
  const decided = { ...stages, commands: actuation.commands, alarms: desk.desk, history };
  const rules = await openRuleDesk(config, decided, deps, starting);
  const sinks = await openDelivery(config, delivered, deps, starting);

  const shown = { alarms, sinks, hardware, metrics, plugins: () => pluginList(plugins.status(), ingest.plugins()) };
  const seen = { ...actuation, live, alarms: desk.desk, history, store: buffer };
  const nodeRed = await openNodeRed(config, seen, deps, starting);
  countStages(metrics, { buffer, mqtt, registry, commands: actuation.commands, twins, history });
  const provider = await openIdentityProvider(config, clock);
  const rights = starting.use(await openAccessStage(config, { buffer, registry, clock, log }, provider));
  const anew = Promise.withResolvers<'restart'>();
  const api = starting.use(
    await listenApi(await apiOptions(config, name, clock.wallMs()), {
      routes: [
        ...readRoutes(readModel(buffer, shown)),
        ...deviceRoutes({ registry, access, actuation, broker: mqtt, buffer, history, clock }),
        ...desk.routes,
        ...accessRoutes(rights, ownership, provider, clock),
        ...dataRoutes({ live, ingest: taken, again: ingest.ingest, mqtt, store: buffer, clock }, starting),
        ...rules,
        ...sinkRoutes(sinks, cut),
        ...(await machineRoutes(config, { ...deps, ...shown, own, name, buffer, mqtt, anew }, starting)),
        ...pluginRoutes(await openPluginUploads(config)),
        ...nodeRed.routes,
      ],
      mounts: nodeRed.mounts,
      access: rights,
      store: buffer,
      assets: withPicture(await consoleAssets()),
      metrics,
      notReadyBecause: () => notReadyBecause(buffer, alarms),
      clock,
      log,
    }),
  );
  starting.use(plugins.begin({ ingest: taken, mqtt: handlePort(mqtt, config), ...hardware.lends }));
  log.info({ name, mqtt: mqtt.ports, http: api.port, https: api.tlsPort, version }, 'the gateway is ready');

  const running = starting.move();
  return {
    failed: failureOf(buffer),
    restarts: anew.promise,
    probe: () => buffer.write([{ statement: 'life.put', params: [clock.wallMs()] }]),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const logAlarm =
  (log: Logger) =>
  ({ code, subject, detail }: ActiveAlarm, active: boolean): void =>
    log[active ? 'error' : 'info']({ alarm: code, subject }, active ? detail : `over: ${detail}`);

/** What keeps the gateway from taking messages: it answers when the writer does. */
async function notReadyBecause(buffer: Buffer, alarms: AlarmBook): Promise<string[]> {
  await buffer.status();
  return alarms.active().flatMap(({ code, detail }) => (code === 'disk-full' ? [detail] : []));
}

/** Deletes what is kept of a device beside the log and the registry. */
function forgetting(
  ingest: IngestStage,
  buffer: Buffer,
  history: History | undefined,
): (device: string) => Promise<void> {
  return async (device) => {
    await Promise.all([ingest.forget(device), buffer.forgetDeadLetters(device), history?.forget(device)]);
  };
}

/** The broker as the handles of plugins reach it. */
function handlePort(mqtt: MqttTransport, { mqtt: { actuationTopics } }: Config): HandlePorts['mqtt'] {
  return {
    publish: (message) => mqtt.publish(message),
    subscribe: (filter, listener) => mqtt.subscribe(filter, listener),
    actuationFilters: actuationTopics,
  };
}

/** What is read of the stages as it is. */
function readModel(
  buffer: Buffer,
  { plugins, hardware }: Pick<ReadModel, 'plugins'> & { hardware: Hardware },
): ReadModel {
  return {
    ledger: (query) => buffer.ledger(query),
    plugins,
    hardware: () => hardware.status(),
  };
}

/** Every plugin that came to the door, with what it serves where it runs. */
function pluginList(all: readonly PluginStatus[], running: readonly { readonly name: string }[]): readonly object[] {
  return all.map((plugin) => ({
    ...(plugin.runs === 'nowhere' ? undefined : running.find(({ name }) => name === plugin.name)),
    ...plugin,
  }));
}

function failureOf({ fatal }: Buffer): Promise<PortcullisError> {
  return new Promise((resolve) => {
    fatal.addEventListener('abort', () => {
      const { reason } = fatal as { reason: unknown };
      resolve(reason instanceof PortcullisError ? reason : new PortcullisError('INTERNAL', String(reason)));
    });
  });
}
