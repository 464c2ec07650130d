import type { ComponentChildren } from 'preact';
import { devicesPath } from '../asking/first.ts';
import type { DeviceList, Ledger, PlaceList, SinkList, SystemState } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Page, Status } from '../parts/parts.tsx';
import { counted } from '../parts/words.ts';
import { hrefOf } from '../route.ts';
import { HardwareCards } from './hardware.tsx';
import { ImportForm } from './import-form.tsx';
import { PassportForm, useMayHandle } from './passport-card.tsx';
import { ReplaceForm } from './replace-form.tsx';
import { HouseForm } from './rooms.tsx';
import { StationTest } from './station-test.tsx';
import { TakeoverForm } from './takeover.tsx';

/** From an empty gateway to a house that works: each step says whether it is done, and any may be skipped. */
export function StartPage() {
  const places = useAsk<PlaceList>('/api/v1/places', 5000);
  const devices = useAsk<DeviceList>(devicesPath, 5000);
  const sinks = useAsk<SinkList>('/api/v1/sinks', 5000);
  const system = useAsk<SystemState>('/api/v1/system');
  const ledger = useAsk<Ledger>('/api/v1/ledger', 5000);
  const may = useMayHandle();
  const rooms = places.data?.places.filter(({ kind }) => kind === 'room').length ?? 0;
  const living = devices.data?.devices.filter(({ lifeCycle }) => lifeCycle !== 'DECOMMISSIONED') ?? [];
  const reached = sinks.data?.sinks.filter(({ outage, state }) => !outage && state !== 'stopped') ?? [];
  return (
    <Page
      title="Set up the house"
      lead="Seven steps, in any order. What you skip now can be done any time; the gateway already takes what devices send."
    >
      <div class="stack">
        <Step n={1} title="Rooms" isDone={rooms > 0} done={`${counted(rooms, 'room')}. More under Rooms.`}>
          <Beginnings places={places.again} devices={devices.again} />
        </Step>
        <Step
          n={2}
          title="Hardware of this gateway"
          isDone={system.data !== undefined}
          done="Look whether all that is plugged in is there."
        >
          <div class="two even">
            <HardwareCards />
          </div>
          {system.data?.isClockSynchronised === false && (
            <p class="said warn">The clock is not set from the network yet.</p>
          )}
        </Step>
        <Step
          n={3}
          title="First devices"
          isDone={living.length > 0}
          done={`${counted(living.length, 'device')} spoke already.`}
        >
          <p>
            <a class="button main" href={hrefOf('devices', 'new')}>
              Connect a device
            </a>
          </p>
        </Step>
        <Step
          n={4}
          title="Cloud"
          isDone={reached.length > 0}
          done={`${reached.map(({ sink }) => sink).join(', ')} takes everything.`}
        >
          <p>
            Without a cloud everything waits on the card and nothing is lost, so this can be skipped. It is set up in
            the configuration, under <code>cloud.tuya</code> or <code>kafka</code>.
          </p>
        </Step>
        <Step n={5} title="See it work" isDone={false} done="">
          <StationTest devices={living} outages={ledger.data?.outages ?? []} />
        </Step>
        <Step n={6} title="Passport" isDone={false} done="">
          {may ? (
            <PassportForm />
          ) : (
            <p class="empty">
              An administrator makes it: the whole gateway in one encrypted file, for the day when the card dies.
            </p>
          )}
        </Step>
        <Step n={7} title="Go home" isDone={false} done="">
          <p>
            <a class="button main" href={hrefOf('home')}>
              To the house
            </a>
          </p>
        </Step>
      </div>
    </Page>
  );
}

/** A new house, or what was there before; each is told what to ask for again. */
function Beginnings({ places, devices }: { places: () => Promise<void>; devices: () => Promise<void> }) {
  return (
    <div class="two even">
      <div>
        <Card title="Make a whole house">
          <HouseForm again={places} />
        </Card>
        <Card title="Or bring devices and places from a CSV file">
          <ImportForm again={devices} />
        </Card>
      </div>
      <div>
        <Card title="Or take over what was there">
          <TakeoverForm again={devices} />
        </Card>
        <Card title="Or replace a gateway by its passport">
          <ReplaceForm />
        </Card>
      </div>
    </div>
  );
}

function Step({
  n,
  title,
  isDone,
  done,
  children,
}: {
  n: number;
  title: string;
  isDone: boolean;
  done: string;
  children: ComponentChildren;
}) {
  return (
    <Card title={`${n}. ${title}`} actions={isDone && <Status tone="good">there</Status>}>
      <div class="stack">
        {isDone && <p class="note">{done}</p>}
        {children}
      </div>
    </Card>
  );
}
