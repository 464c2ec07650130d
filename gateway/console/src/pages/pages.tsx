import type { Pages } from './later-page.tsx';
import type { Way } from '../route.ts';
import type { JSX } from 'preact';
import { AlarmsPage } from './alarms.tsx';
import { ClaimPage } from './claim.tsx';
import { DevicePage } from './device.tsx';
import { FlowsPage } from './flows.tsx';
import { NewDevicePage } from './new-device.tsx';
import { PeoplePage } from './people.tsx';
import { PlacesPage } from './places.tsx';
import { RoomsPage } from './rooms.tsx';
import { RulesPage } from './rules.tsx';
import { StartPage } from './start.tsx';
import { SyncPage } from './sync.tsx';
import { SystemPage } from './system.tsx';
import { TrustPage } from './trust.tsx';

/** Every page but home. */
export const pages: Pages = {
  claim: () => <ClaimPage />,
  start: () => <StartPage />,
  alarms: () => <AlarmsPage />,
  devices: showDevices,
  places: () => <RoomsPage />,
  rules: () => <RulesPage />,
  flows: () => <FlowsPage />,
  sync: () => <SyncPage />,
  trust: () => <TrustPage />,
  people: () => <PeoplePage />,
  system: () => <SystemPage />,
};

function showDevices([id]: Way): JSX.Element {
  if (id === undefined) return <PlacesPage />;
  return id === 'new' ? <NewDevicePage /> : <DevicePage key={id} id={id} />;
}
