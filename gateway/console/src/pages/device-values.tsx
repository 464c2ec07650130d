import { useState } from 'preact/hooks';
import type { ShownTwin } from '../../../../contracts/twin.ts';
import type { HistoryAnswer, HistoryMetric } from '../../../../contracts/history.ts';
import { historyPath, metricsPath } from '../asking/history.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Waiting } from '../parts/parts.tsx';
import { metricText, valueText, type Plain } from '../parts/values.ts';
import { ago } from '../parts/words.ts';
import { DeviceChart } from './device-chart.tsx';

const dayMs = 86_400_000;
/** Texts are not told in slots of time: all samples of a short time are asked for. */
const textMs = 600_000;
/** What nobody looks at first. */
const quiet = /^(x\.|uptime|signal\.)/;

/** How the device is now, and what is behind each value. */
export function DeviceValues({
  id,
  twin,
  error,
}: {
  id: string;
  twin: ShownTwin | undefined;
  error: string | undefined;
}) {
  const metrics = useAsk<{ metrics: readonly HistoryMetric[] }>(metricsPath(id), 15_000);
  const [chosen, choose] = useState<string>();
  if (twin === undefined) {
    return (
      <Card title="Now" wide>
        <Waiting error={error} what={`the values of ${id}`} />
      </Card>
    );
  }
  const { state } = twin.reported;
  const measured = new Map((metrics.data?.metrics ?? []).map((one) => [one.metric, one]));
  const keys = [...new Set([...Object.keys(state), ...measured.keys()])].filter((key) => key !== 'availability');
  const ordered = keys.toSorted((one, other) => Number(quiet.test(one)) - Number(quiet.test(other)));
  const drawable = ordered.filter((key) => measured.has(key) && measured.get(key)?.type !== 'text');
  const shown = measured.get(chosen ?? drawable[0] ?? '');
  return (
    <>
      <Card title="Now" wide {...(drawable.length > 0 && { note: 'Choose a value to see it over time.' })}>
        {ordered.length === 0 && <p class="empty">It has not said how it is yet.</p>}
        <div class="values-grid">
          {ordered.map((key) => (
            <Value
              key={key}
              id={id}
              metric={key}
              isText={measured.get(key)?.type === 'text'}
              known={state[key]}
              isChosen={key === shown?.metric}
              choose={drawable.includes(key) ? choose : undefined}
            />
          ))}
        </div>
      </Card>
      {shown && <DeviceChart key={shown.metric} id={id} metric={shown} />}
    </>
  );
}

/** What a twin does not hold is asked of the history: its last sample of the last day. */
function Value({
  id,
  metric,
  isText,
  known,
  isChosen,
  choose,
}: {
  id: string;
  metric: string;
  isText: boolean;
  known: { readonly value: Plain; readonly at: number } | undefined;
  isChosen: boolean;
  choose: ((metric: string) => void) | undefined;
}) {
  const [from] = useState(() => Date.now() - (isText ? textMs : dayMs));
  const { data } = useAsk<HistoryAnswer>(
    known === undefined ? historyPath(id, metric, from, isText ? 1000 : 1) : undefined,
    10_000,
  );
  const last = data?.points.at(-1);
  const value = known?.value ?? last?.last;
  const inside = (
    <>
      <span class="what">{metricText(metric)}</span>
      <span class="much">{value === undefined ? '…' : valueText(metric, value)}</span>
      {known !== undefined && <small>{ago(known.at)}</small>}
    </>
  );
  if (choose === undefined) return <div class="value">{inside}</div>;
  return (
    <button type="button" class="value" aria-pressed={isChosen} onClick={() => choose(metric)}>
      {inside}
    </button>
  );
}
