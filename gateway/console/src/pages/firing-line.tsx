import type { TrialReport } from '../../../../contracts/rule-shown.ts';
import { counted, when } from '../parts/words.ts';

const widthOf = 1000;
const rowPx = 22;
const mostRows = 12;

interface Bar {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** When a rule would have held, scope by scope, over the time that was looked at. */
export function FiringLine({ report }: { report: TrialReport }) {
  const { from, to } = report;
  const rows = [...barsOf(report)].slice(0, mostRows);
  if (rows.length === 0) return null;
  const x = (at: number): number => ((at - from) / Math.max(1, to - from)) * widthOf;
  const said = rows.map(([scope, bars]) => `${scope} ${counted(bars.length, 'time')}`).join(', ');
  return (
    <figure class="firing-line">
      {rows.map(([scope, bars]) => (
        <div key={scope}>
          <span>{scope}</span>
          <svg viewBox={`0 0 ${widthOf} ${rowPx}`} preserveAspectRatio="none" aria-hidden="true">
            <rect class="all" x="0" y="8" width={widthOf} height="6" />
            {bars.map((bar) => (
              <rect
                key={bar.from}
                class="held"
                x={x(bar.from)}
                y="2"
                width={Math.max(4, x(bar.to) - x(bar.from))}
                height="18"
              >
                <title>
                  {bar.name}: {when(bar.from)} to {when(bar.to)}
                </title>
              </rect>
            ))}
          </svg>
        </div>
      ))}
      <figcaption>
        <span>{when(from)}</span>
        <span class="hidden">It would have held: {said}.</span>
        <span>{when(to)}</span>
      </figcaption>
    </figure>
  );
}

/** From each firing into a case to the next one of its scope. */
function barsOf({ firings, to: end }: TrialReport): Map<string, Bar[]> {
  const rows = new Map<string, Bar[]>();
  const open = new Map<string, { from: number; name: string }>();
  const close = (scope: string, at: number): void => {
    const began = open.get(scope);
    if (began !== undefined) rows.set(scope, [...(rows.get(scope) ?? []), { ...began, to: at }]);
    open.delete(scope);
  };
  for (const { scope, at, to } of firings.toSorted((one, other) => one.at - other.at)) {
    close(scope, at);
    if (to !== null) open.set(scope, { from: at, name: to });
  }
  for (const scope of open.keys()) close(scope, end);
  return rows;
}
