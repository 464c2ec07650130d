import { useState } from 'preact/hooks';
import type { AuditEntry } from '../../../../contracts/access.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Choice, Field, Status, Table, Waiting } from '../parts/parts.tsx';
import { whenExactly } from '../parts/words.ts';

const outcomes: Readonly<Record<AuditEntry['outcome'], readonly ['good' | 'bad' | 'warn' | 'off', string]>> = {
  begun: ['warn', 'begun'],
  done: ['good', 'done'],
  denied: ['bad', 'denied'],
  failed: ['warn', 'failed'],
};

/** What changed something and what was denied, by whom and how it ended. */
export function AuditCard() {
  const [limit, more] = useState(20);
  const [name, ofName] = useState('');
  const [outcome, ofOutcome] = useState('');
  const query = new URLSearchParams({
    limit: String(limit),
    ...(name.trim() !== '' && { name: name.trim() }),
    ...(outcome !== '' && { outcome }),
  });
  const { data, error } = useAsk<{ entries: readonly AuditEntry[] }>(`/api/v1/audit?${query.toString()}`, 10_000);
  return (
    <Card
      title="Who did what"
      note="What changed something, and what was denied. It is written before anything is changed."
    >
      <div class="row">
        <Field
          label="By"
          placeholder="everybody"
          maxLength={64}
          onChange={(event) => ofName(event.currentTarget.value)}
        />
        <Choice
          label="That ended"
          options={[['', 'in any way'], ...Object.entries(outcomes).map(([key, [, text]]) => [key, text] as const)]}
          value={outcome}
          onChange={(event) => ofOutcome(event.currentTarget.value)}
        />
      </div>
      {data === undefined ? (
        <Waiting error={error} what="the log" />
      ) : (
        <>
          <Table
            label="Who did what"
            rows={data.entries}
            keyOf={({ n }) => n}
            empty="Nothing of this kind."
            columns={[
              { name: 'When', cell: ({ at }) => whenExactly(at) },
              { name: 'Who', cell: ({ name: who, role }) => `${who}, ${role}` },
              { name: 'What', cell: ({ action }) => action },
              { name: 'To what', cell: ({ target }) => target },
              {
                name: 'Outcome',
                cell: ({ outcome: end, times }) => (
                  <Status tone={outcomes[end][0]}>
                    {outcomes[end][1]}
                    {times > 1 && ` ${times} times`}
                  </Status>
                ),
              },
            ]}
          />
          {data.entries.length === limit && limit < 500 && (
            <button type="button" onClick={() => more(limit * 5)}>
              Show older ones
            </button>
          )}
        </>
      )}
    </Card>
  );
}
