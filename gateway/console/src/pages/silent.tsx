import { useState } from 'preact/hooks';
import type { TwinChange } from '../../../../contracts/twin.ts';
import type { HistoryAnswer, HistoryMetric } from '../../../../contracts/history.ts';
import { historyPath, metricsPath } from '../asking/history.ts';
import { useAsk } from '../asking/use-ask.ts';
import { valueText } from '../parts/values.ts';
import { when } from '../parts/words.ts';

const monthMs = 30 * 86_400_000;
/** The voltage says more than a percentage that a device guessed. */
const batteries = ['battery.voltage', 'battery', 'battery.low'];

/** Since when a device is silent, and how its battery was: "since 03:12, battery was 2.1 V". `told` is when it was last told. */
export function Silent({ device, told }: { device: string; told: number }) {
  const [from] = useState(() => Date.now() - monthMs);
  const changes = useAsk<{ changes: readonly TwinChange[] }>(
    `/api/v1/devices/${encodeURIComponent(device)}/twin/history?limit=50`,
  );
  const { data: measured } = useAsk<{ metrics: readonly HistoryMetric[] }>(metricsPath(device));
  const metric = batteries.find((one) => measured?.metrics.some((each) => each.metric === one));
  const battery = useAsk<HistoryAnswer>(metric === undefined ? undefined : historyPath(device, metric, from, 1));
  const went = changes.data?.changes.find(({ metric: one, to }) => one === 'availability' && to === false)?.at ?? told;
  const last = battery.data?.points.at(-1)?.last;
  return (
    <>
      since {when(went)}
      {metric !== undefined && last !== undefined && `, battery was ${valueText(metric, last)}`}
    </>
  );
}
