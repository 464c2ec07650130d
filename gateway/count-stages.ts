import { lifeCycles } from '../contracts/registry.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Commands } from './commands/open-commands.ts';
import type { History } from './history/open-history.ts';
import type { Metrics } from './observability/metrics.ts';
import type { Registry } from './registry/open-registry.ts';
import type { MqttTransport } from './transports/mqtt/listen-mqtt.ts';
import type { Twins } from './twin/open-twins.ts';

interface Counted {
  readonly buffer: Buffer;
  readonly mqtt: MqttTransport;
  readonly registry: Registry;
  readonly commands: Commands;
  readonly twins: Twins;
  readonly history: History | undefined;
}

/** Numbers that are read when Prometheus asks. */
export function countStages(metrics: Metrics, { buffer, mqtt, registry, commands, twins, history }: Counted): void {
  metrics.gauge('buffered_records', 'Records that wait for a sink.', ['sink'], async () => {
    const { sinks } = await buffer.ledger();
    return sinks.map(({ sink, buffered }) => ({ labels: { sink }, value: buffered }));
  });
  metrics.gauge('ledger_balanced', '1 while every line of the ledger adds up.', [], async () => [
    { value: (await buffer.ledger()).balanced ? 1 : 0 },
  ]);
  metrics.gauge('database_bytes', 'Size of the database file.', [], async () => [
    { value: (await buffer.status()).fileBytes },
  ]);
  metrics.gauge('devices', 'Devices of the registry, by life cycle.', ['life_cycle'], () => {
    const states = Map.groupBy(registry.devices(), ({ lifeCycle }) => lifeCycle);
    return lifeCycles.map((state) => ({ labels: { life_cycle: state }, value: states.get(state)?.length ?? 0 }));
  });
  metrics.gauge('commands_open', 'Commands that have not ended, by state.', ['state'], () =>
    [...commands.open()].map(([state, value]) => ({ labels: { state }, value })),
  );
  metrics.gauge('twin_wishes', 'Wishes to devices, by what became of them.', ['state'], () =>
    Object.entries(twins.stats().wishes).map(([state, value]) => ({ labels: { state }, value })),
  );
  metrics.gauge('twin_written_bytes', 'Bytes of rows of twins handed to the disk since the start.', [], () => [
    { value: twins.stats().writtenBytes },
  ]);
  if (history) countHistory(metrics, history);
  metrics.gauge('mqtt_connections', 'Connected clients.', [], () => [{ value: mqtt.stats().connections }]);
  metrics.gauge('mqtt_messages', 'Messages in the broker, by what they wait for.', ['state'], () => {
    const { pending, held, queued, retained } = mqtt.stats();
    return Object.entries({ pending, held, queued, retained }).map(([state, value]) => ({ labels: { state }, value }));
  });
}

function countHistory(metrics: Metrics, history: History): void {
  const tiers = ['samples', '5m', '1h'];
  metrics.gauge('history_bytes', 'Compressed bytes of history, by resolution.', ['resolution'], async () =>
    (await history.stats()).tiers.map(({ bytes }, tier) => ({
      labels: { resolution: tiers[tier] ?? '' },
      value: bytes,
    })),
  );
  metrics.gauge('history_series', 'Metrics of devices that history knows.', [], async () => [
    { value: (await history.stats()).series },
  ]);
  metrics.gauge(
    'history_left_out',
    'Since the start: values beyond the bound of series, and damaged blocks.',
    ['what'],
    async () => {
      const { refused, damaged } = await history.stats();
      return [
        { labels: { what: 'values' }, value: refused },
        { labels: { what: 'blocks' }, value: damaged },
      ];
    },
  );
}
