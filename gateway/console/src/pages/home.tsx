import { homePaths } from '../asking/first.ts';
import { useLive } from '../asking/live.ts';
import { useAsk } from '../asking/use-ask.ts';
import type { AlarmList, DeviceList, Ledger, SinkList, TwinList } from '../asking/types.ts';
import { LineStatus } from '../parts/line-status.tsx';
import { Card, Page, Status, Waiting } from '../parts/parts.tsx';
import { capital, counted } from '../parts/words.ts';
import { hrefOf } from '../route.ts';
import { Silent } from './silent.tsx';
import { fineLine, mattersOf, sinceText, type Matter } from './matters.ts';

const everyMs = 5000;

/** What is wrong now, in sentences with what to do, and what is fine in one line. */
export function HomePage() {
  const alarms = useAsk<AlarmList>(homePaths.alarms, everyMs);
  const sinks = useAsk<SinkList>(homePaths.sinks, everyMs);
  const ledger = useAsk<Ledger>(homePaths.ledger, everyMs);
  const devices = useAsk<DeviceList>(homePaths.devices, everyMs);
  const twins = useAsk<TwinList>(homePaths.twins, everyMs);
  const told = (): void => void alarms.again();
  const line = useLive('class=alarm', { take: told, missed: told });
  const all = [alarms, sinks, ledger, devices, twins];
  if (!alarms.data || !sinks.data || !ledger.data || !devices.data || !twins.data) {
    return (
      <Page title="Home">
        <Waiting error={all.find(({ error }) => error !== undefined)?.error} what="how it is" />
      </Page>
    );
  }
  const matters = mattersOf({
    alarms: alarms.data.alarms,
    sinks: sinks.data.sinks,
    ledger: ledger.data.sinks,
    devices: devices.data.devices,
    twins: twins.data,
  });
  const fine = fineLine(devices.data.devices, ledger.data.sinks, sinks.data.sinks);
  return (
    <Page
      title="Home"
      lead={
        <span class="row">
          {matters.length > 0 && `${counted(matters.length, 'thing')} to look at.`} <LineStatus line={line} />
        </span>
      }
    >
      {matters.length > 0 && (
        <ul class="matters" aria-label="What is wrong now">
          {matters.map((matter) => (
            <MatterRow key={matter.key} matter={matter} />
          ))}
        </ul>
      )}
      <p class="fine">
        <Status tone="good">{matters.length === 0 ? 'All is well.' : 'The rest is fine.'}</Status>
        <span>{capital(fine)}.</span>
      </p>
      <div class="cards">
        <Rooms devices={devices.data} />
        <Next devices={devices.data} />
      </div>
    </Page>
  );
}

function MatterRow({ matter: { tone, what, since, todo, href, to, silent } }: { matter: Matter }) {
  return (
    <li class={`${tone}-mark`}>
      <strong>{what}</strong>{' '}
      <span class="soft">{silent === undefined ? sinceText(since) : <Silent device={silent} told={since ?? 0} />}</span>
      <p>
        {todo} <a href={href}>{to}</a>
      </p>
    </li>
  );
}

function Rooms({ devices: { devices } }: { devices: DeviceList }) {
  const byPath = Map.groupBy(
    devices.filter(({ lifeCycle }) => lifeCycle !== 'DECOMMISSIONED'),
    ({ path }) => path ?? '',
  );
  const paths = [...byPath.keys()].sort();
  return (
    <Card title="Rooms">
      <ul class="list">
        {paths.map((path) => (
          <li key={path} class="entry">
            <a href={hrefOf('devices')}>{path === '' ? 'Not in a room yet' : path}</a>
            <span class="soft">{counted(byPath.get(path)?.length ?? 0, 'device')}</span>
          </li>
        ))}
      </ul>
      {paths.length === 0 && <p class="empty">No device has spoken yet.</p>}
    </Card>
  );
}

function Next({ devices: { devices } }: { devices: DeviceList }) {
  const loose = devices.filter(({ place, lifeCycle }) => place === undefined && lifeCycle !== 'DECOMMISSIONED').length;
  return (
    <Card title="What you can do">
      <ul class="list">
        {loose > 0 && (
          <li>
            <a href={hrefOf('devices')}>Put {counted(loose, 'device')} into rooms</a>
          </li>
        )}
        {loose === devices.length && (
          <li>
            <a href={hrefOf('start')}>Set up the house, step by step</a>
          </li>
        )}
        <li>
          <a href={hrefOf('devices', 'new')}>Connect a device</a>
        </li>
        <li>
          <a href={hrefOf('sync')}>See that nothing was lost</a>
        </li>
      </ul>
    </Card>
  );
}
