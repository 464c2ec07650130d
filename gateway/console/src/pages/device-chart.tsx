import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { HistoryAnswer, HistoryMetric } from '../../../../contracts/history.ts';
import { historyPath } from '../asking/history.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Waiting } from '../parts/parts.tsx';
import { metricText, valueText } from '../parts/values.ts';
import { span, when } from '../parts/words.ts';

const hourMs = 3_600_000;
const ranges = [
  ['1 hour', hourMs],
  ['1 day', 24 * hourMs],
  ['1 week', 7 * 24 * hourMs],
  ['1 month', 30 * 24 * hourMs],
] as const;

/** One metric over time, as a picture and in a sentence. */
export function DeviceChart({ id, metric }: { id: string; metric: HistoryMetric }) {
  const [length, choose] = useState<number>(hourMs);
  const [now, look] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => look(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);
  const from = now - length;
  const { data, error } = useAsk<HistoryAnswer>(historyPath(id, metric.metric, from, 300));
  const shown = useRef<{ readonly of: string; readonly data: HistoryAnswer }>(undefined);
  const of = `${metric.metric} ${length}`;
  if (data !== undefined) shown.current = { of, data };
  const history = shown.current?.of === of ? shown.current.data : undefined;
  return (
    <Card
      title={metricText(metric.metric)}
      actions={
        <div class="row" role="group" aria-label="How far back">
          {ranges.map(([text, ms]) => (
            <button
              key={ms}
              type="button"
              class={ms === length ? 'small main' : 'small'}
              aria-pressed={ms === length}
              onClick={() => choose(ms)}
            >
              {text}
            </button>
          ))}
        </div>
      }
    >
      {history === undefined ? (
        <Waiting error={error} what="what was measured" />
      ) : (
        <Curve history={history} metric={metric} from={from} to={now} />
      )}
    </Card>
  );
}

function Curve({
  history,
  metric,
  from,
  to,
}: {
  history: HistoryAnswer;
  metric: HistoryMetric;
  from: number;
  to: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  const said = useMemo(() => sentence(history, metric.metric), [history, metric]);
  useEffect(() => {
    const { current } = box;
    if (current === null || history.points.length === 0) return undefined;
    let end: (() => void) | undefined;
    let isOver = false;
    const isFlag = metric.type === 'boolean';
    const text = (value: number): string =>
      isFlag
        ? value === 0 || value === 1
          ? valueText(metric.metric, value === 1)
          : ''
        : valueText(metric.metric, value);
    // The library comes when the first curve is shown.
    void import('../parts/chart.ts').then(({ drawChart }) => {
      if (!isOver) end = drawChart(current, { points: history.points, from, to, text, isStepped: isFlag });
    });
    return () => {
      isOver = true;
      end?.();
    };
  }, [history]);
  return (
    <>
      <p class="note">{said}</p>
      {history.points.length > 0 && <div class="chart" ref={box} role="img" aria-label={said} />}
    </>
  );
}

/** What the picture shows. */
function sentence({ points, resolutionMs }: HistoryAnswer, metric: string): string {
  const last = points.at(-1);
  if (last === undefined) return 'Nothing was measured in this time.';
  const numbers = points.flatMap(({ min, max, last: value }) =>
    typeof value === 'number' ? [min ?? value, max ?? value] : [],
  );
  const latest = `${valueText(metric, last.last)} at ${when(last.at)}`;
  const detail = resolutionMs > 0 ? ` Each point stands for ${span(resolutionMs)}.` : '';
  if (numbers.length === 0) return `Last ${latest}.${detail}`;
  const text = (value: number): string => valueText(metric, value);
  const [least, most] = [text(Math.min(...numbers)), text(Math.max(...numbers))];
  return `${least === most ? 'Always' : `Between ${least} and`} ${most}, last ${latest}.${detail}`;
}
