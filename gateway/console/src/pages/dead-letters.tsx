import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import type { DeadLetterGroup } from '../../../../contracts/dead-letters.ts';
import type { DeadLetter } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act } from '../parts/doing.tsx';
import { Card, Status, Table, Waiting } from '../parts/parts.tsx';
import { counted, number, when, whenExactly } from '../parts/words.ts';

/** What could not be used, by reason, with samples, and another try. */
export function DeadLettersCard({ again }: { again: () => Promise<void> }) {
  const reasons = useAsk<{ reasons: readonly DeadLetterGroup[] }>('/api/v1/dead-letters/reasons', 10_000);
  const [chosen, choose] = useState<DeadLetterGroup>();
  const done = async (): Promise<void> => void (await Promise.all([reasons.again(), again()]));
  return (
    <Card
      title="Messages that could not be used"
      note="They are kept with the reason and the beginning of what the device sent. The device was answered; nothing waits for them. When the cause is mended, a plugin updated or the configuration corrected, take them again: each comes in once more, as it came and with its own time."
    >
      {reasons.data === undefined ? (
        <Waiting error={reasons.error} what="them" />
      ) : (
        <Table
          label="Messages that could not be used, by reason"
          rows={reasons.data.reasons}
          keyOf={({ sink, plugin, code }) => `${sink} ${plugin} ${code}`}
          empty="There is none."
          columns={[
            {
              name: 'Reason',
              cell: (one) => (
                <button
                  type="button"
                  class="quiet"
                  aria-pressed={isSame(one, chosen)}
                  onClick={() => choose(isSame(one, chosen) ? undefined : one)}
                >
                  <code>{one.code}</code>
                </button>
              ),
            },
            { name: 'Who refused', cell: ({ sink, plugin }) => (sink === '' ? plugin || 'no plugin wanted it' : sink) },
            { name: 'Messages', isNumber: true, cell: ({ n }) => number(n) },
            { name: 'Newest', cell: ({ newest }) => when(newest) },
            { name: 'Another try', cell: (one) => <Again reason={one} done={done} /> },
          ]}
        />
      )}
      {chosen && <Letters key={`${chosen.plugin} ${chosen.code}`} of={chosen} />}
    </Card>
  );
}

const isSame = (one: DeadLetterGroup, other: DeadLetterGroup | undefined): boolean =>
  one.code === other?.code && one.plugin === other.plugin && one.sink === other.sink;

function Again({
  reason: { code, plugin, sink, n, replayable, replayed },
  done,
}: {
  reason: DeadLetterGroup;
  done: () => Promise<void>;
}) {
  const replay = async (): Promise<string> => {
    const body = { code, ...(plugin !== '' && { plugin }) };
    const { taken, stored, refusedAgain, more } = await ask<{
      taken: number;
      stored: number;
      refusedAgain: number;
      more: boolean;
    }>('/api/v1/dead-letters/replay', { method: 'POST', body });
    await done();
    const rest = more ? ' More wait: do it again.' : '';
    const bad = refusedAgain > 0 ? ` ${counted(refusedAgain, 'message')} refused again: the cause is still there.` : '';
    return `${counted(taken, 'message')} taken again, ${counted(stored, 'record')} stored.${bad}${rest}`;
  };
  const why = sink === '' ? 'Only samples are kept of them.' : 'The sink refused them; they are in the history.';
  return (
    <span class="stack">
      {replayed > 0 && <Status tone="good">{number(replayed)} were taken again</Status>}
      {replayable > 0 && (
        <Act busy="Taking them again…" run={replay}>
          Take {number(replayable)} again
        </Act>
      )}
      {replayable === 0 && replayed < n && <small>{why}</small>}
    </span>
  );
}

function Letters({ of: { code, plugin } }: { of: DeadLetterGroup }) {
  const [limit, more] = useState(20);
  const query = new URLSearchParams({ code, limit: String(limit), ...(plugin !== '' && { plugin }) });
  const { data, error } = useAsk<{ deadLetters: readonly DeadLetter[]; next: number | null }>(
    `/api/v1/dead-letters?${query}`,
    10_000,
  );
  if (data === undefined) return <Waiting error={error} what="the samples" />;
  return (
    <>
      <ul class="list">
        {data.deadLetters.map((letter) => (
          <Letter key={letter.id} letter={letter} />
        ))}
      </ul>
      {data.next !== null && limit < 1000 && (
        <button type="button" onClick={() => more(Math.min(1000, limit * 5))}>
          Show older ones
        </button>
      )}
    </>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  return (
    <li>
      <p>
        <strong>{letter.detail || letter.code}</strong>
      </p>
      <p class="soft">
        {letter.device.startsWith('plugin:') ? 'An unknown device' : letter.device} · {letter.topic} ·{' '}
        {whenExactly(letter.receivedAt)}
        {letter.sink && ` · ${letter.sink}`}
        {letter.replayedAt !== null && ` · taken again ${whenExactly(letter.replayedAt)}`}
      </p>
      <details>
        <summary>What it sent</summary>
        <pre>{letter.sample}</pre>
        {letter.sampleEncoding === 'base64' && <small>These are bytes that are no text, written as base64.</small>}
      </details>
    </li>
  );
}
