import { useState } from 'preact/hooks';
import type { Alarm, AlarmLogEntry } from '../../../../contracts/alarms.ts';
import { ask } from '../asking/ask.ts';
import type { AlarmList } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Choice, Field, Page, Status, Waiting, type Tone } from '../parts/parts.tsx';
import { capital, counted, when, whenExactly } from '../parts/words.ts';
import { hrefOf } from '../route.ts';

/** What a person must know about, and what was done with it. */
export function AlarmsPage() {
  const [isAll, showAll] = useState(false);
  const { data, error, again } = useAsk<AlarmList>(
    isAll ? '/api/v1/alarms?all=true&limit=100' : '/api/v1/alarms',
    4000,
  );
  return (
    <Page
      title="Alarms"
      lead="Acknowledge says that you have seen it. Shelve keeps it quiet for a while. Neither makes the cause go away."
      actions={
        <button type="button" aria-pressed={isAll} onClick={() => showAll(!isAll)}>
          {isAll ? 'Open ones only' : 'Also those that are over'}
        </button>
      }
    >
      {data === undefined ? (
        <Waiting error={error} what="the alarms" />
      ) : data.alarms.length === 0 ? (
        <p class="fine">
          <Status tone="good">{isAll ? 'There never was one.' : 'There is none.'}</Status>
        </p>
      ) : (
        <div class="cards">
          {data.alarms.map((alarm) => (
            <AlarmCard key={alarm.id} alarm={alarm} again={again} />
          ))}
        </div>
      )}
    </Page>
  );
}

const tones: Readonly<Record<Alarm['state'], Tone>> = {
  raised: 'bad',
  acknowledged: 'warn',
  returned: 'warn',
  cleared: 'off',
};
const states: Readonly<Record<Alarm['state'], string>> = {
  raised: 'nobody has seen it',
  acknowledged: 'somebody has seen it',
  returned: 'over, but nobody has seen it',
  cleared: 'over',
};

function AlarmCard({ alarm, again }: { alarm: Alarm; again: () => Promise<void> }) {
  const { id, code, subject, severity, state, detail, since, count, acknowledgedBy, shelvedUntil } = alarm;
  const isShelved = shelvedUntil !== undefined;
  const deed = async (what: string, body: object = {}): Promise<void> => {
    await ask(`/api/v1/alarms/${encodeURIComponent(id)}/${what}`, { method: 'POST', body });
    await again();
  };
  return (
    <Card title={detail} actions={<Status tone={tones[state]}>{`${capital(severity)}, ${states[state]}`}</Status>}>
      <p class="soft about">
        <About subject={subject} /> · since {whenExactly(since)}
        {count > 1 && ` · ${counted(count, 'time')}`}
        {acknowledgedBy !== undefined && ` · seen by ${acknowledgedBy}`}
        {isShelved && ` · quiet until ${when(shelvedUntil)}`} · <code>{code}</code>
      </p>
      {state !== 'cleared' && (
        <div class="stack">
          <div class="row">
            {(state === 'raised' || state === 'returned') && (
              <Act kind="main" busy="Acknowledging…" run={() => deed('acknowledge')}>
                Acknowledge
              </Act>
            )}
            <Act busy="Clearing…" run={() => deed('clear')}>
              It is over
            </Act>
            {isShelved && (
              <Act busy="Waking…" run={() => deed('shelve', { minutes: 0 })}>
                No longer quiet
              </Act>
            )}
          </div>
          <details>
            <summary>Shelve or comment</summary>
            <div class="stack">
              <Form
                submit="Shelve"
                busy="Shelving…"
                isInline
                send={(field) => deed('shelve', { minutes: Number(field('minutes')) })}
              >
                <Choice label="Quiet for" name="minutes" options={shelves} />
              </Form>
              <Form submit="Comment" busy="Saving…" isInline send={(field) => deed('comment', { note: field('note') })}>
                <Field label="Comment" name="note" required maxLength={1024} />
              </Form>
            </div>
          </details>
        </div>
      )}
      <AlarmLog id={id} />
    </Card>
  );
}

const shelves = [
  ['60', 'an hour'],
  ['480', 'eight hours'],
  ['1440', 'a day'],
  ['10080', 'a week'],
] as const;

/** A device of that id opens; other subjects are only named. */
function About({ subject }: { subject: string }) {
  return /^[a-z0-9]+:./.test(subject) ? <a href={hrefOf('devices', subject)}>{subject}</a> : <span>{subject}</span>;
}

function AlarmLog({ id }: { id: string }) {
  const [isOpen, open] = useState(false);
  const { data, error } = useAsk<{ log: readonly AlarmLogEntry[] }>(
    isOpen ? `/api/v1/alarms/${encodeURIComponent(id)}` : undefined,
    4000,
  );
  return (
    <details onToggle={(event) => open(event.currentTarget.open)}>
      <summary>What was done with it</summary>
      {!isOpen ? null : data === undefined ? (
        <Waiting error={error} what="its log" />
      ) : (
        <ol class="list">
          {data.log.map(({ at, op, by, note }, n) => (
            <li key={n}>
              {whenExactly(at)}: {op} by {by}
              {note !== undefined && ` · ${note}`}
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}
