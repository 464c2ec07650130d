import { useState } from 'preact/hooks';
import { devicesPath } from '../asking/first.ts';
import { laterOf, useLiveValues, type Heard } from '../asking/live-values.ts';
import { twinsPath, type Device, type DeviceList, type PlaceList, type TwinList } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { LineStatus } from '../parts/line-status.tsx';
import { Page, Waiting } from '../parts/parts.tsx';
import { counted } from '../parts/words.ts';
import { hrefOf } from '../route.ts';
import { BulkBar } from './bulk-bar.tsx';
import { DeviceTile } from './device-tile.tsx';

/** Building to rooms, with what is in them. */
export function PlacesPage() {
  const devices = useAsk<DeviceList>(devicesPath, 10_000);
  const places = useAsk<PlaceList>('/api/v1/places', 30_000);
  const { line, heard } = useLiveValues('', () => void twins.again());
  const twins = useAsk<TwinList>(twinsPath, line === 'live' ? 60_000 : 5000);
  const values = valuesOf(twins.data, heard);
  const [chosen, choose] = useState<ReadonlySet<string>>();
  const [search, look] = useState('');
  if (!devices.data || !places.data) {
    return (
      <Page title="Devices">
        <Waiting error={devices.error ?? places.error} what="the devices" />
      </Page>
    );
  }
  const living = devices.data.devices.filter(({ lifeCycle }) => lifeCycle !== 'DECOMMISSIONED');
  const shown = living.filter((device) => fits(device, search));
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  const group = (title: string, list: readonly Device[]) => (
    <Group key={title} title={title} devices={list} chosen={chosen} toggle={toggle} values={values} />
  );
  const done = async (): Promise<void> => {
    choose(undefined);
    await devices.again();
  };
  return (
    <Page
      title="Devices"
      lead={
        <>
          <Counts devices={devices.data.devices} /> <LineStatus line={line} />
        </>
      }
      actions={<Actions isChoosing={chosen !== undefined} choose={choose} />}
    >
      <label class="field search">
        <span class="hidden">Find a device</span>
        <input
          type="search"
          placeholder="Find by name, id, room or tag"
          value={search}
          onInput={(event) => look(event.currentTarget.value)}
        />
      </label>
      {chosen && <BulkBar chosen={chosen} all={shown} choose={choose} places={places.data.places} done={done} />}
      {group(
        'Not in a room yet',
        shown.filter(({ place }) => place === undefined),
      )}
      {places.data.places.map(({ id, path }) =>
        group(
          path,
          shown.filter(({ place }) => place === id),
        ),
      )}
      {living.length === 0 && (
        <p class="empty">
          No device has spoken yet. <a href={hrefOf('devices', 'new')}>Connect the first one.</a>
        </p>
      )}
      {living.length > 0 && shown.length === 0 && <p class="empty">No device fits “{search}”.</p>}
    </Page>
  );
}

function valuesOf(list: TwinList | undefined, heard: Heard): Heard {
  const asked = list?.twins.map(({ device, state }) => [device, laterOf(state, heard[device])] as const) ?? [];
  return { ...heard, ...Object.fromEntries(asked) };
}

function fits({ id, name, path = '', tags }: Device, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/);
  const text = [id, name, path, ...tags].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}

function Counts({ devices }: { devices: readonly Device[] }) {
  const of = (state: string): number => devices.filter(({ lifeCycle }) => lifeCycle === state).length;
  return (
    <>
      {counted(of('ACTIVATED'), 'device')} known to the cloud, {of('SHADOW')} local only, {of('REJECTED')} refused by
      the cloud
      {of('DECOMMISSIONED') > 0 && `, ${of('DECOMMISSIONED')} decommissioned`}.
    </>
  );
}

function Actions({
  isChoosing,
  choose,
}: {
  isChoosing: boolean;
  choose: (to: ReadonlySet<string> | undefined) => void;
}) {
  return (
    <>
      <a class="button main" href={hrefOf('devices', 'new')}>
        Connect a device
      </a>
      <a class="button" href={hrefOf('places')}>
        Rooms
      </a>
      <button type="button" aria-pressed={isChoosing} onClick={() => choose(isChoosing ? undefined : new Set())}>
        {isChoosing ? 'Stop choosing' : 'Choose several'}
      </button>
    </>
  );
}

function Group({
  title,
  devices,
  chosen,
  toggle,
  values,
}: {
  title: string;
  devices: readonly Device[];
  chosen: ReadonlySet<string> | undefined;
  toggle: (id: string) => void;
  values: Heard;
}) {
  if (devices.length === 0) return null;
  return (
    <section class="place" aria-label={title}>
      <h2>
        {title} <small>{counted(devices.length, 'device')}</small>
      </h2>
      <div class="tiles">
        {devices.map((device) => (
          <DeviceTile
            key={device.id}
            device={device}
            values={values[device.id] ?? {}}
            isChosen={chosen?.has(device.id)}
            toggle={toggle}
          />
        ))}
      </div>
    </section>
  );
}
