import { useState } from 'preact/hooks';
import type { RuleDocument } from '../../../../contracts/rule.ts';
import type { Firing, TrialReport } from '../../../../contracts/rule-shown.ts';
import { ask } from '../asking/ask.ts';
import { Form } from '../parts/doing.tsx';
import { Choice } from '../parts/parts.tsx';
import { metricText, valueText } from '../parts/values.ts';
import { counted, plain, whenExactly } from '../parts/words.ts';
import { FiringLine } from './firing-line.tsx';

/** When a rule acted, which of its conditions said what, and what came of it. */
export function Firings({ of, empty }: { of: readonly Firing[]; empty: string }) {
  if (of.length === 0) return <p class="empty">{empty}</p>;
  return (
    <ol class="list">
      {of.map(({ at: then, scope, n, to, why, did }) => (
        <li key={`${scope} ${n}`}>
          <p>
            <strong>{to ?? 'over'}</strong> at {scope}, {whenExactly(then)}
          </p>
          <ul class="soft">
            {why.map(({ condition, holds, values }) => (
              <li key={condition}>
                {holds === null ? 'not known' : holds ? 'so' : 'not so'}: {condition}
                {values.length > 0 &&
                  ` (${values.map(({ device, value }) => `${device}: ${valueText('', value)}`).join(', ')})`}
              </li>
            ))}
            {did.map((deed, m) => (
              <li key={m}>
                {deed.does}
                {deed.to !== undefined && ` to ${metricText(deed.to)}`}: {plain(deed.outcome)}
                {deed.detail !== undefined && `, ${deed.detail}`}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

const spans = [
  ['1', 'the last hour'],
  ['24', 'the last day'],
  ['168', 'the last week'],
] as const;

/** What a rule, kept or only thought of, would have done on what was measured. */
export function Trial({ rule }: { rule: string | RuleDocument }) {
  const [report, show] = useState<TrialReport>();
  const run = async (hours: number): Promise<string> => {
    const to = Date.now();
    const made = await ask<TrialReport>('/api/v1/rules/try', {
      method: 'POST',
      body: { rule, from: to - hours * 3_600_000, to },
    });
    show(made);
    const looked = `${counted(made.samples, 'sample')} of ${counted(made.devices, 'device')} looked at.`;
    return `It would have acted ${counted(made.firings.length, 'time')}. ${looked}${made.cutShort === undefined ? '' : ` ${made.cutShort}`}`;
  };
  return (
    <>
      <Form submit="Try" busy="Trying…" isInline stays send={(field) => run(Number(field('hours')))}>
        <Choice label="Over" name="hours" options={spans} />
      </Form>
      {report !== undefined && (
        <>
          <FiringLine report={report} />
          <Firings of={report.firings.slice(0, 20)} empty="Nothing would have happened." />
        </>
      )}
    </>
  );
}
