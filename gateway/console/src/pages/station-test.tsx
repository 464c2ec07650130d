import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import type { Device, Ledger, Outage } from '../asking/types.ts';
import { Said, useDoing } from '../parts/doing.tsx';
import { Choice, Status } from '../parts/parts.tsx';
import { counted, span, timeOfDay } from '../parts/words.ts';

interface Station {
  readonly what: string;
  readonly at: number;
}

const lookEveryMs = 250;
const patienceMs = 120_000;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lookEveryMs));

/** One message followed from the device over the card to the cloud, by the ledger of its device; and the same over a cut uplink. */
export function StationTest({ devices, outages }: { devices: readonly Device[]; outages: readonly Outage[] }) {
  const doing = useDoing();
  const [stations, pass] = useState<readonly Station[]>([]);
  const [device, choose] = useState('');
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
  return (
    <div class="stack">
      <Choice
        label="Device to follow"
        options={devices.map((one) => [one.id, one.name])}
        value={id}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      <p>
        <button type="button" class="main" disabled={doing.isBusy} onClick={() => void doing.run(follow)}>
          {doing.isBusy ? 'Following…' : 'Follow its next message'}
        </button>
      </p>
      <ol class="list" aria-live="polite">
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

/** The uplink is cut by whoever stands beside the gateway; the ledger shows what that cost. */
function Cut({ outages }: { outages: readonly Outage[] }) {
  const [since] = useState(() => Date.now());
  const cut = outages.find(({ fromMs, toMs }) => fromMs >= since || toMs === null);
  return (
    <p role="status">
      Then pull the cable of the uplink for half a minute.{' '}
      {cut === undefined ? (
        <span class="soft">This page sees it when messages want to go out.</span>
      ) : cut.toMs === null ? (
        <Status tone="warn">It is cut; what comes in meanwhile is kept.</Status>
      ) : (
        <Status tone={cut.delivered + cut.gone >= cut.captured ? 'good' : 'warn'}>
          It was cut for {span(cut.durationMs)}: {counted(cut.captured, 'record')} captured, {cut.delivered} delivered.
        </Status>
      )}
    </p>
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
