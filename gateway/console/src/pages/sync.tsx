import { ask } from '../asking/ask.ts';
import type { Ledger, LedgerLine, Outage, Sink, SinkList, SystemState } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act } from '../parts/doing.tsx';
import { Card, Facts, Page, Status, Table, Waiting } from '../parts/parts.tsx';
import { bytes, counted, number, span, whenExactly } from '../parts/words.ts';
import { DeadLettersCard } from './dead-letters.tsx';
import { drainText, useHolds, useRate } from './rate.ts';

const states: Readonly<Record<string, string>> = {
  connecting: 'connecting',
  idle: 'up to date',
  writing: 'sending',
  'backing-off': 'waits, then tries again by itself',
  stopped: 'stopped until somebody resumes it',
};

/** Where the records go, and the proof that none was lost. */
export function SyncPage() {
  const sinks = useAsk<SinkList>('/api/v1/sinks', 3000);
  const ledger = useAsk<Ledger>('/api/v1/ledger', 3000);
  if (!sinks.data || !ledger.data) {
    return (
      <Page title="Delivery">
        <Waiting error={sinks.error ?? ledger.error} what="the sinks and the ledger" />
      </Page>
    );
  }
  const { data } = ledger;
  return (
    <Page
      title="Delivery"
      lead="Every message that the gateway acknowledged is on its card, and ends in exactly one place. Here is where each of them is."
    >
      <div class="cards">
        {sinks.data.sinks.map((sink) => (
          <SinkCard
            key={sink.sink}
            sink={sink}
            line={data.sinks.find((line) => line.sink === sink.sink)}
            again={sinks.again}
          />
        ))}
        {sinks.data.sinks.length === 0 && (
          <Card title="No cloud yet">
            <p>
              Everything that devices send waits on the card, and goes out when a cloud or Kafka is set up in the
              configuration.
            </p>
          </Card>
        )}
        <Room />
      </div>
      <Balance ledger={data} />
      <Outages outages={data.outages} />
      <DeadLettersCard again={ledger.again} />
    </Page>
  );
}

/** How long an outage may last. */
function Room() {
  const { data } = useAsk<SystemState>('/api/v1/system', 5000);
  const holds = useHolds(data);
  if (data === undefined) return null;
  const { usedBytes, maxBytes, oldestMs } = data.buffer;
  return (
    <Card
      title="Room on the card"
      note="So long may an outage last, before the oldest telemetry is thinned out. Alarms stay."
    >
      <Facts
        of={[
          ['Holds at the present rate', holds],
          ['Taken', `${bytes(usedBytes)} of ${bytes(maxBytes)}`],
          oldestMs !== null && ['Oldest that waits', whenExactly(oldestMs)],
        ]}
      />
    </Card>
  );
}

function SinkCard({ sink, line, again }: { sink: Sink; line: LedgerLine | undefined; again: () => Promise<void> }) {
  const rate = useRate(line);
  const isWell = !sink.outage && sink.state !== 'stopped';
  const resume = async (): Promise<string> => {
    await ask(`/api/v1/sinks/${encodeURIComponent(sink.sink)}/resume`, { method: 'POST', body: {} });
    await again();
    return 'It tries again now.';
  };
  return (
    <Card
      title={sink.sink}
      actions={<Status tone={isWell ? 'good' : 'warn'}>{states[sink.state] ?? sink.state}</Status>}
      note={sink.reason === undefined ? undefined : `Why: ${sink.reason}.`}
    >
      <Facts
        of={[
          ['Waits on the card', counted(line?.buffered ?? 0, 'record')],
          ['Time to send it', drainText(line?.buffered ?? 0, rate)],
          ['Comes in', rate === undefined ? 'measuring…' : `${number(rate.in)} a second`],
          ['Goes out', rate === undefined ? 'measuring…' : `${number(rate.out)} a second`],
        ]}
      />
      {!isWell && (
        <p class="row">
          <Act busy="Trying…" run={resume}>
            Try again now
          </Act>
        </p>
      )}
    </Card>
  );
}

const columns = [
  ['Accepted', 'accepted'],
  ['Delivered', 'delivered'],
  ['Waiting', 'buffered'],
  ['Filtered', 'filtered'],
  ['Too old', 'expired'],
  ['No room', 'evicted'],
  ['Unusable', 'deadLettered'],
] as const;

function Balance({ ledger: { balanced, sinks, reasons } }: { ledger: Ledger }) {
  return (
    <Card
      title="The ledger"
      actions={balanced ? <Status tone="good">It balances</Status> : <Status tone="bad">It does not balance</Status>}
      note="Accepted = delivered + waiting + filtered + too old + no room + unusable. Each is counted on its own, so the sum is a proof."
    >
      <Table
        label="The ledger by sink"
        rows={sinks}
        keyOf={({ sink }) => sink}
        empty="Nothing was accepted yet."
        columns={[
          { name: 'Sink', cell: ({ sink }) => sink },
          ...columns.map(([name, key]) => ({
            name,
            isNumber: true,
            cell: (line: LedgerLine) => number(line[key]),
          })),
          {
            name: 'Balances',
            cell: (line) => <Status tone={line.balanced ? 'good' : 'bad'}>{line.balanced ? 'yes' : 'no'}</Status>,
          },
        ]}
      />
      {reasons.length > 0 && (
        <details>
          <summary>Why some were not delivered</summary>
          <Table
            label="Reasons"
            rows={reasons}
            keyOf={({ sink, what, reason }) => `${sink} ${what} ${reason}`}
            empty=""
            columns={[
              { name: 'Sink', cell: ({ sink }) => sink || 'all' },
              { name: 'What', cell: ({ what }) => what },
              { name: 'Reason', cell: ({ reason }) => reason },
              { name: 'Records', isNumber: true, cell: ({ n }) => number(n) },
            ]}
          />
        </details>
      )}
    </Card>
  );
}

function Outages({ outages }: { outages: readonly Outage[] }) {
  return (
    <Card
      title="Outages"
      note="What came in while a sink could not be reached, and how much of it has arrived there since."
    >
      <Table
        label="Outages"
        rows={outages}
        keyOf={({ sink, fromMs }) => `${sink} ${fromMs}`}
        empty="There was none."
        columns={[
          { name: 'Sink', cell: ({ sink }) => sink },
          { name: 'From', cell: ({ fromMs }) => whenExactly(fromMs) },
          {
            name: 'Until',
            cell: ({ toMs }) => (toMs === null ? <Status tone="warn">it lasts</Status> : whenExactly(toMs)),
          },
          { name: 'Lasted', cell: ({ durationMs }) => span(durationMs) },
          { name: 'Captured', isNumber: true, cell: ({ captured }) => number(captured) },
          { name: 'Delivered', isNumber: true, cell: ({ delivered }) => number(delivered) },
          { name: 'Not to be delivered', isNumber: true, cell: ({ gone }) => number(gone) },
        ]}
      />
    </Card>
  );
}
