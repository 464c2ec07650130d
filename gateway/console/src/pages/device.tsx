import type { Device, PlaceList, PluginList } from '../asking/types.ts';
import type { ShownTwin } from '../../../../contracts/twin.ts';
import type { Line } from '../asking/live.ts';
import { laterOf, useLiveValues, type Values } from '../asking/live-values.ts';
import { useAsk } from '../asking/use-ask.ts';
import { ask } from '../asking/ask.ts';
import { Act } from '../parts/doing.tsx';
import { Card, Facts, Page, Status, Waiting } from '../parts/parts.tsx';
import { hrefOf } from '../route.ts';
import { DeviceAccessCard } from './device-access.tsx';
import { DeviceCommands } from './device-commands.tsx';
import { LineStatus } from '../parts/line-status.tsx';
import { DeviceControls } from './device-controls.tsx';
import { DeviceEdit, DeviceEnd } from './device-edit.tsx';
import { DeviceTwin } from './device-twin.tsx';
import { DeviceValues } from './device-values.tsx';
import { lives } from './device-tile.tsx';

/** Everything about one device. */
export function DevicePage({ id }: { id: string }) {
  const at = `/api/v1/devices/${encodeURIComponent(id)}`;
  const device = useAsk<Device>(at, 15_000);
  const { line, heard } = useLiveValues(`device=${encodeURIComponent(id)}`, () => void asked.again());
  const asked = useAsk<ShownTwin>(`${at}/twin`, line === 'live' ? 15_000 : 3000);
  const twin = { ...asked, data: asked.data && withHeard(asked.data, heard[id]) };
  const places = useAsk<PlaceList>('/api/v1/places');
  const plugins = useAsk<PluginList>('/api/v1/plugins');
  if (device.data === undefined) {
    return (
      <Page title={id}>
        <Waiting error={device.error} what="the device" />
        <p>
          <a href={hrefOf('devices')}>All devices</a>
        </p>
      </Page>
    );
  }
  const { data } = device;
  const plugin = plugins.data?.plugins.find(({ proto }) => proto !== undefined && id.startsWith(`${proto}:`));
  const isLiving = data.lifeCycle !== 'DECOMMISSIONED';
  const again = async (): Promise<void> => void (await Promise.all([device.again(), twin.again()]));
  return (
    <>
      <p class="crumbs">
        <a href={hrefOf('devices')}>Devices</a> / {data.path ?? 'not in a room yet'}
      </p>
      <Page title={data.name} lead={<Lead device={data} twin={twin.data} line={line} />}>
        {data.refusal && <RefusedByCloud device={data} again={again} />}
        <div class="two">
          <div>
            <DeviceValues id={id} twin={twin.data} error={twin.error} />
            {isLiving && (
              <DeviceControls id={id} twin={twin.data} commands={plugin?.commands ?? []} again={twin.again} />
            )}
            <DeviceCommands id={id} />
            {twin.data && <DeviceTwin twin={twin.data} again={twin.again} />}
          </div>
          <div>
            {isLiving && <DeviceEdit device={data} places={places.data?.places ?? []} again={again} />}
            {isLiving && <DeviceAccessCard device={data} again={again} />}
            <AboutDevice device={data} pluginName={plugin?.name} />
            <DeviceEnd device={data} again={again} />
          </div>
        </div>
      </Page>
    </>
  );
}

/** The twin with what the device said since it was asked for. */
function withHeard(twin: ShownTwin, heard: Values | undefined): ShownTwin {
  const { version, state } = twin.reported;
  const later = Object.entries(laterOf(state, heard)).map(
    ([metric, value]) => [metric, { version, ...value }] as const,
  );
  return { ...twin, reported: { version, state: Object.fromEntries(later) } };
}

function Lead({ device: { lifeCycle }, twin, line }: { device: Device; twin: ShownTwin | undefined; line: Line }) {
  const [tone, life] = lives[lifeCycle];
  const available = twin?.reported.state['availability'];
  return (
    <span class="row">
      {available && (
        <Status tone={available.value === true ? 'good' : 'bad'}>
          {available.value === true ? 'Reachable' : 'Away'}
        </Status>
      )}
      <Status tone={tone}>{life}</Status>
      <LineStatus line={line} />
    </span>
  );
}

function RefusedByCloud({ device: { id, refusal, version }, again }: { device: Device; again: () => Promise<void> }) {
  const retry = async (): Promise<void> => {
    await ask(`/api/v1/devices/${encodeURIComponent(id)}/retry`, { method: 'POST', body: { version } });
    await again();
  };
  return (
    <Card title="The cloud refused this device" wide>
      <p>
        {refusal?.reason} <code>{refusal?.code}</code>
      </p>
      <p>{refusal?.suggestion}</p>
      <p class="soft">It works in the house all the same.</p>
      <Act busy="Offering…" run={retry}>
        Offer it again
      </Act>
    </Card>
  );
}

function AboutDevice({ device, pluginName }: { device: Device; pluginName: string | undefined }) {
  const { id, profile, cloudId, replaces, replacedBy, version } = device;
  const other = (one: string) => <a href={hrefOf('devices', one)}>{one}</a>;
  return (
    <Card title="About it">
      <Facts
        of={[
          ['Id', <code>{id}</code>],
          ['Plugin', pluginName ?? 'none that runs now'],
          profile !== undefined && ['Profile', profile],
          cloudId !== undefined && ['At the cloud', <code>{cloudId}</code>],
          replaces !== undefined && ['Took over from', other(replaces)],
          replacedBy !== undefined && ['Replaced by', other(replacedBy)],
          ['Changes of this entry', version],
        ]}
      />
    </Card>
  );
}
