import type { ShownTwin, TwinChange } from '../../../../contracts/twin.ts';
import { ask } from '../asking/ask.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act } from '../parts/doing.tsx';
import { Card, Status, Table, type Tone } from '../parts/parts.tsx';
import { metricText, valueText } from '../parts/values.ts';
import { whenExactly } from '../parts/words.ts';

const wishTexts: Readonly<Record<string, readonly [tone: Tone, text: string]>> = {
  pending: ['off', 'waits for the device'],
  reached: ['good', 'it is so'],
  failed: ['bad', 'not reached'],
};
const events: Readonly<Record<TwinChange['event'], string>> = {
  reported: 'said by the device',
  asked: 'asked for',
  reached: 'reached',
  failed: 'not reached',
  withdrawn: 'taken back',
  superseded: 'replaced by a later wish',
  overruled: 'changed at the device',
  refused: 'refused',
};

/** What the device shall be, and what changed about it. */
export function DeviceTwin({ twin, again }: { twin: ShownTwin; again: () => Promise<void> }) {
  const at = `/api/v1/devices/${encodeURIComponent(twin.device)}/twin`;
  const history = useAsk<{ changes: readonly TwinChange[] }>(`${at}/history?limit=12`, 5000);
  const withdraw = async (metric: string): Promise<void> => {
    await ask(at, { method: 'PATCH', body: { desired: { [metric]: null } } });
    await again();
  };
  return (
    <Card title="Wishes and changes" note="A wish is kept and brought to the device once it is there.">
      <Table
        label="Wishes"
        rows={Object.entries(twin.desired)}
        keyOf={([metric]) => metric}
        empty="Nothing is wished for."
        columns={[
          { name: 'What', cell: ([metric]) => metricText(metric) },
          { name: 'Shall be', cell: ([metric, { value }]) => valueText(metric, value) },
          {
            name: 'State',
            cell: ([, { state, detail }]) => (
              <>
                <Status tone={wishTexts[state]?.[0] ?? 'off'}>{wishTexts[state]?.[1] ?? state}</Status>
                {detail !== undefined && <small> {detail}</small>}
              </>
            ),
          },
          {
            name: '',
            cell: ([metric]) => (
              <Act kind="quiet" busy="Taking back…" run={() => withdraw(metric)}>
                Take back
              </Act>
            ),
          },
        ]}
      />
      <details>
        <summary>What changed lately</summary>
        <Table
          label="Changes"
          rows={history.data?.changes ?? []}
          keyOf={({ n }) => n}
          empty={history.error ?? 'Nothing yet.'}
          columns={[
            { name: 'When', cell: ({ at: then }) => whenExactly(then) },
            { name: 'What', cell: ({ metric }) => metricText(metric) },
            { name: 'Became', cell: ({ metric, to }) => (to === undefined ? '' : valueText(metric, to)) },
            {
              name: 'How',
              cell: ({ event, by, detail }) =>
                `${events[event]}${by === 'device' ? '' : `, ${by}`}${detail ? `: ${detail}` : ''}`,
            },
          ]}
        />
      </details>
    </Card>
  );
}
