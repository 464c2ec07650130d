import type { Measurement, Metric } from '../../../contracts/message.ts';
import type { DeviceFilter } from '../wire.ts';
import { theGateway } from '../runtime/gateway-line.ts';
import type { NodeApi } from '../runtime/red.ts';
import { field, listOf } from './config-values.ts';
import { listenAs, showStart } from './listening.ts';

/** `portcullis-device-in`: what devices reported, after it was stored. */
export default function (red: NodeApi): void {
  red.nodes.registerType('portcullis-device-in', function (config) {
    red.nodes.createNode(this, config);
    const filter = {
      devices: listOf(config, 'devices'),
      rooms: listOf(config, 'rooms'),
      metrics: listOf(config, 'metrics'),
      classes: listOf(config, 'classes') as DeviceFilter['classes'],
    };
    const isWhole = field(config, 'output') === 'message';
    listenAs(this, 'measurement', ({ measurement }) => {
      for (const message of isWhole ? [wholeOf(measurement)] : valuesOf(measurement, filter.metrics))
        this.send(message);
    });
    showStart(this, theGateway().ask('device.listen', { node: this.id, filter }));
  });
}

/** One message per value, for the metrics that are wanted; a metric without a value is left out. */
function valuesOf(measurement: Measurement, metrics: readonly string[]): object[] {
  const { m } = measurement;
  return m
    .filter(({ n, q }) => q === undefined && (metrics.length === 0 || metrics.includes(n)))
    .map((metric) => Object.assign(aboutOf(measurement), { payload: valueOf(metric) }, unitOf(metric)));
}

const wholeOf = (measurement: Measurement): object => ({ ...aboutOf(measurement), payload: measurement });

function aboutOf({ dev, place, ts, kind, cls }: Measurement): object {
  return { topic: dev.id, device: dev.id, place, at: ts, kind, class: cls };
}

const unitOf = ({ n, u, ep }: Metric): object => ({ metric: n, unit: u, endpoint: ep });
const valueOf = ({ v, vb, vs }: Metric): number | boolean | string | undefined => v ?? vb ?? vs;
