import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import { command, stateTexts } from '../asking/commands.ts';
import type { Device, Ledger, Outage, PluginList, SinkList } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Said, useDoing } from '../parts/doing.tsx';
import { Choice, Status } from '../parts/parts.tsx';
import { counted, span, timeOfDay } from '../parts/words.ts';

interface Station {
  readonly what: string;
  readonly at: number;
}

const lookEveryMs = 250;
const patienceMs = 120_000;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lookEveryMs));

/** A message and a command followed from station to station, by the ledger and by the command's own states; then the uplink is cut. */
export function StationTest({ devices, outages }: { devices: readonly Device[]; outages: readonly Outage[] }) {
  const doing = useDoing();
  const [stations, pass] = useState<readonly Station[]>([]);
  const [device, choose] = useState('');
  const plugins = useAsk<PluginList>('/api/v1/plugins');
  const id = device || (devices[0]?.id ?? '');
  if (devices.length === 0)
    return <p class="empty">Connect a device first; then its next message is followed from here to the cloud.</p>;
  const follow = async (): Promise<string> => {
    const passed: Station[] = [];
    const say = (what: string): void => {
      passed.push({ what, at: Date.now() });
      pass([...passed]);
    };
    pass([]);
    const before = await totalsOf(id);
    say('waiting for its next message');
    const came = await until(
      id,
      (now) => now.accepted > before.accepted,
      'It sent nothing within two minutes. Press a button on it, or choose another device.',
    );
    say('came in, and is on the card');
    await until(
      id,
      (now) => now.settled >= came.accepted,
      'It waits on the card: the cloud does not take it yet. See Delivery for the reason.',
    );
    say('settled: the cloud has it, or it was filtered as a repetition');
    const [start, , end] = passed;
    return `From the card to its end in ${span((end?.at ?? 0) - (passed[1]?.at ?? start?.at ?? 0))}.`;
  };
  const send = async (on: boolean): Promise<string> => {
    const passed: Station[] = [{ what: 'asked for by this page', at: Date.now() }];
    pass([...passed]);
    await command(id, 'switch', { on }, (state) => {
      const what = stateTexts[state].toLowerCase();
      if (passed.at(-1)?.what !== what) passed.push({ what, at: Date.now() });
      pass([...passed]);
    });
    return `It says so itself, ${span((passed.at(-1)?.at ?? 0) - (passed[0]?.at ?? 0))} after you asked.`;
  };
  const can = plugins.data?.plugins.find(({ proto }) => proto === id.split(':')[0])?.commands ?? [];
  const isSwitch = can.some(({ name }) => name === 'switch');
  return (
    <div class="stack">
      <Choice
        label="Device to follow"
        options={devices.map((one) => [one.id, one.name])}
        value={id}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      <div class="row">
        <button type="button" class="main" disabled={doing.isBusy} onClick={() => void doing.run(follow)}>
          {doing.isBusy ? 'Following…' : 'Follow its next message'}
        </button>
        {isSwitch && (
          <>
            <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(() => send(true))}>
              Switch it on
            </button>
            <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(() => send(false))}>
              Switch it off
            </button>
          </>
        )}
      </div>
      <ol class="list" aria-label="Stations" aria-live="polite">
        {stations.map(({ what, at }) => (
          <li key={what}>
            <span class="mono">{timeOfDay(at)}</span> {what}
          </li>
        ))}
      </ol>
      <Said said={doing.said} />
      <Cut outages={outages} />
    </div>
  );
}

/** The uplink is cut by the gateway itself, for half a minute; the ledger shows what that cost. */
function Cut({ outages }: { outages: readonly Outage[] }) {
  /** The newest outage that was known when it was cut. */
  const [before, begin] = useState<number>();
  const sinks = useAsk<SinkList>('/api/v1/sinks', 1000);
  const left = sinks.data?.cutForMs ?? 0;
  const start = async (): Promise<void> => {
    await ask('/api/v1/uplink/cut', { method: 'POST', body: {} });
    begin(Math.max(0, ...outages.map(({ fromMs }) => fromMs)));
    await sinks.again();
  };
  const cut = before === undefined ? undefined : outages.find(({ fromMs }) => fromMs > before);
  if (sinks.data?.sinks.length === 0)
    return <p class="soft">There is no cloud yet, so there is no uplink to cut. What comes in waits on the card.</p>;
  return (
    <div class="stack">
      <h3>Then cut the uplink</h3>
      <p class="soft">
        For 30 seconds nothing leaves this gateway, and no command from afar comes in. It goes on by itself; nothing may
        be missing then.
      </p>
      {left === 0 ? (
        <Act busy="Cutting…" run={start}>
          Cut the uplink for 30 seconds
        </Act>
      ) : (
        <p>Cut for another {Math.ceil(left / 1000)} s.</p>
      )}
      <p role="status">
        {cut === undefined ? (
          left > 0 && <span class="soft">Waiting for a message that wants to go out…</span>
        ) : cut.toMs === null ? (
          <Status tone="warn">It is cut: {counted(cut.captured, 'record')} kept on the card since.</Status>
        ) : (
          <Status tone={cut.delivered + cut.gone >= cut.captured ? 'good' : 'warn'}>
            It was cut for {span(cut.durationMs)}: {counted(cut.captured, 'record')} captured, {cut.delivered} delivered
            after it{cut.gone > 0 ? `, ${cut.gone} gone` : ''}.
          </Status>
        )}
      </p>
    </div>
  );
}

interface Totals {
  readonly accepted: number;
  /** Accepted and no longer waiting, at the sink that is furthest behind. */
  readonly settled: number;
}

async function totalsOf(device: string): Promise<Totals> {
  const { devices } = await ask<Ledger>(`/api/v1/ledger?device=${encodeURIComponent(device)}`);
  const accepted = Math.max(0, ...devices.map((line) => line.accepted));
  return { accepted, settled: accepted - Math.max(0, ...devices.map((line) => line.buffered)) };
}

/** Looks until it is so; rejects with the sentence when that takes too long. */
async function until(device: string, isSo: (totals: Totals) => boolean, orElse: string): Promise<Totals> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const totals = await totalsOf(device);
    if (isSo(totals)) return totals;
    if (performance.now() > giveUpAt) throw new Error(orElse);
    await pause();
  }
}
