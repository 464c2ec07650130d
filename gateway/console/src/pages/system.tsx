import type { SystemState } from '../asking/types.ts';
import { ask } from '../asking/ask.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act } from '../parts/doing.tsx';
import { Card, Facts, Page, Status, Waiting } from '../parts/parts.tsx';
import { save } from '../parts/save.ts';
import { bytes, number, span, whenExactly } from '../parts/words.ts';
import { HardwareCards } from './hardware.tsx';
import { LogCard } from './log-card.tsx';
import { PassportCard } from './passport-card.tsx';
import { UpdateCard } from './update-card.tsx';

/** How the machine is, and what helps when it is not well. */
export function SystemPage() {
  const { data, error } = useAsk<SystemState>('/api/v1/system', 5000);
  if (data === undefined) {
    return (
      <Page title="System">
        <Waiting error={error} what="the system" />
      </Page>
    );
  }
  return (
    <Page title="System" lead={`${data.name}, Portcullis ${data.version}, running for ${span(data.upMs)}.`}>
      <div class="two even">
        <div>
          <CardCard state={data} />
          <MemoryCard state={data} />
          <ClockCard state={data} />
          <HardwareCards />
        </div>
        <div>
          <VersionCard state={data} />
          <UpdateCard />
          <PassportCard />
          <SupportCard name={data.name} />
        </div>
      </div>
      <LogCard />
    </Page>
  );
}

function ClockCard({ state: { nowMs, isClockSynchronised, celsius } }: { state: SystemState }) {
  const off = Math.abs(Date.now() - nowMs);
  return (
    <Card title="Clock and temperature">
      <Facts
        of={[
          ['Time of the gateway', whenExactly(nowMs)],
          [
            'Set from the network',
            isClockSynchronised === null ? (
              <Status tone="off">this machine does not say</Status>
            ) : isClockSynchronised ? (
              <Status tone="good">yes</Status>
            ) : (
              <Status tone="warn">not yet: messages are marked, and corrected before they are sent</Status>
            ),
          ],
          ['Against this browser', off < 5000 ? 'the same' : `${span(off)} apart`],
          ['Processor', celsius === null ? 'this machine does not say' : <Heat celsius={celsius} />],
        ]}
      />
    </Card>
  );
}

function Heat({ celsius }: { celsius: number }) {
  return celsius < 75 ? (
    <Status tone="good">{number(celsius)} °C</Status>
  ) : (
    <Status tone="warn">{number(celsius)} °C: give it air, it slows down at 80 °C</Status>
  );
}

function Meter({ label, part, whole }: { label: string; part: number; whole: number }) {
  const percent = whole === 0 ? 0 : Math.min(100, Math.round((part / whole) * 100));
  return (
    <div class="meter" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

function MemoryCard({ state: { memory } }: { state: SystemState }) {
  const { totalBytes, availableBytes, processBytes } = memory;
  return (
    <Card title="Memory">
      <div class="stack">
        <Meter label="Memory in use" part={totalBytes - availableBytes} whole={totalBytes} />
        <Facts
          of={[
            ['Free', `${bytes(availableBytes)} of ${bytes(totalBytes)}`],
            ['This gateway', bytes(processBytes)],
          ]}
        />
      </div>
    </Card>
  );
}

const dayMs = 86_400_000;
/** A rate over less than this says more about the start than about the days to come. */
const leastMs = 600_000;
/** Cards of 32 GB are rated very differently; a cautious one is named, so that the years can be judged. */
const cardBytes = 10e12;

function CardCard({ state: { disk, buffer, writtenBytes, upMs } }: { state: SystemState }) {
  const isYoung = upMs < leastMs;
  const perDay = writtenBytes === null || isYoung ? undefined : (writtenBytes / upMs) * dayMs;
  const fillPerDay = (buffer.committedBytes / upMs) * dayMs;
  const room = Math.min(buffer.maxBytes - buffer.usedBytes, disk.freeBytes);
  return (
    <Card title="Card">
      <div class="stack">
        <Meter label="Room taken by what waits" part={buffer.usedBytes} whole={buffer.maxBytes} />
        <Facts
          of={[
            ['Free on the card', `${bytes(disk.freeBytes)} of ${bytes(disk.totalBytes)}`],
            ['What waits takes', `${bytes(buffer.usedBytes)} of ${bytes(buffer.maxBytes)}`],
            buffer.oldestMs !== null && ['Oldest that waits', whenExactly(buffer.oldestMs)],
            [
              'Without a cloud it holds',
              isYoung
                ? 'known in some minutes'
                : fillPerDay === 0
                  ? 'nothing came in yet'
                  : span(Math.max(0, (room / fillPerDay) * dayMs)),
            ],
            [
              'Written in a day',
              isYoung ? 'known in some minutes' : perDay === undefined ? 'this machine does not say' : bytes(perDay),
            ],
            perDay !== undefined &&
              perDay > 0 && ['The card lasts', `${number(Math.round((cardBytes / perDay / 365) * 10) / 10)} years`],
          ]}
        />
        <small>
          At the mean rate since the gateway started, {span(upMs)} ago. The years are for a card that stands{' '}
          {bytes(cardBytes)} of writing; its data sheet says how much yours does.
        </small>
      </div>
    </Card>
  );
}

function VersionCard({ state: { version, supportedUntil, nowMs, node, arch, mqtt } }: { state: SystemState }) {
  return (
    <Card title="Versions">
      <Facts
        of={[
          ['Portcullis', version],
          ['Supported', <Support until={supportedUntil} nowMs={nowMs} />],
          ['Node', `${node} on ${arch}`],
          [
            'MQTT',
            mqtt.port === null
              ? 'closed until the gateway is claimed'
              : `port ${mqtt.port}${mqtt.tlsPort === null ? '' : `, with TLS ${mqtt.tlsPort}`}`,
          ],
          ['Devices of the network', mqtt.network ? 'may connect' : 'may not: it listens to its own machine only'],
        ]}
      />
    </Card>
  );
}

/** A day is a day of UTC, as it was written. */
function Support({ until, nowMs }: { until: string | null; nowMs: number }) {
  if (until === null) return <Status tone="off">built for development: nobody supports it</Status>;
  if (new Date(nowMs).toISOString().slice(0, 10) <= until) return <Status tone="good">until {until}</Status>;
  return <Status tone="warn">until {until}: look for a newer release</Status>;
}

function SupportCard({ name }: { name: string }) {
  const gather = async (): Promise<string> => {
    const content = await ask<Blob>('/api/v1/system/bundle');
    save(`${name}-support.tar.gz`, content, 'application/gzip');
    return 'Saved. Read it before you send it.';
  };
  return (
    <Card
      title="Support"
      note="One archive with versions, what the doctor says, the configuration without its secrets, the ledger, alarms, plugins with their decisions, counters and the newest lines of the log. No password, nothing that devices sent."
    >
      <Act busy="Gathering…" run={gather}>
        Save a support bundle
      </Act>
    </Card>
  );
}
