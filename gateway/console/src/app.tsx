import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { link } from './asking/link.ts';
import { session } from './asking/session.ts';
import { useStore } from './asking/store.ts';
import { useAsk } from './asking/use-ask.ts';
import { AlarmsPage } from './pages/alarms.tsx';
import { ClaimPage } from './pages/claim.tsx';
import { DevicePage } from './pages/device.tsx';
import { HomePage } from './pages/home.tsx';
import { NewDevicePage } from './pages/new-device.tsx';
import { PlacesPage } from './pages/places.tsx';
import { RoomsPage } from './pages/rooms.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { SyncPage } from './pages/sync.tsx';
import { SystemPage } from './pages/system.tsx';
import { TrustPage } from './pages/trust.tsx';
import { hrefOf, useWay, type Way } from './route.ts';
import type { AlarmList } from './asking/types.ts';
import mark from './mark.svg';

const places: readonly { readonly at: string; readonly name: string; readonly show: (rest: Way) => JSX.Element }[] = [
  { at: 'home', name: 'Home', show: () => <HomePage /> },
  { at: 'alarms', name: 'Alarms', show: () => <AlarmsPage /> },
  { at: 'devices', name: 'Devices', show: showDevices },
  { at: 'places', name: 'Rooms', show: () => <RoomsPage /> },
  { at: 'sync', name: 'Delivery', show: () => <SyncPage /> },
  { at: 'trust', name: 'Plugins', show: () => <TrustPage /> },
  { at: 'system', name: 'System', show: () => <SystemPage /> },
];

function showDevices([id]: Way): JSX.Element {
  if (id === undefined) return <PlacesPage />;
  return id === 'new' ? <NewDevicePage /> : <DevicePage key={id} id={id} />;
}

export function App() {
  const way = useWay();
  const who = useStore(session.state);
  if (location.pathname === '/claim' || way[0] === 'claim') return <ClaimPage />;
  if (who.is === 'needed' || way[0] === 'sign-in') return <SignInPage />;
  return <Shell way={way} />;
}

function Shell({ way: [at = 'home', ...rest] }: { way: Way }) {
  const place = places.find((one) => one.at === at) ?? places[0];
  const main = useRef<HTMLElement>(null);
  const [isOpen, open] = useState(false);
  const address = [at, ...rest].join('/');
  const before = useRef(address);
  useEffect(() => {
    if (before.current === address) return;
    before.current = address;
    open(false);
    scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus();
  }, [address]);
  return (
    <div class="shell">
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), main.current?.querySelector('h1')?.focus())}
      >
        To the content
      </a>
      <header class="bar">
        <a class="brand" href={hrefOf('home')}>
          <img src={mark} alt="" /> Portcullis
        </a>
        <button type="button" class="menu" aria-expanded={isOpen} onClick={() => open(!isOpen)}>
          Menu
        </button>
        <nav class={isOpen ? 'open' : undefined} aria-label="Pages">
          <ul>
            {places.map(({ at: to, name }) => (
              <li key={to}>
                <a href={hrefOf(to)} aria-current={to === place?.at ? 'page' : undefined}>
                  {name}
                  {to === 'alarms' && <AlarmCount />}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Who />
      </header>
      <main ref={main} id="main">
        <Gone />
        {place?.show(rest)}
      </main>
    </div>
  );
}

function AlarmCount() {
  const { data } = useAsk<AlarmList>('/api/v1/alarms', 10_000);
  const n = data?.alarms.filter(({ shelvedUntil }) => shelvedUntil === undefined).length ?? 0;
  return n === 0 ? null : (
    <span class="count">
      {n}
      <span class="hidden"> alarms</span>
    </span>
  );
}

function Who() {
  const who = useStore(session.state);
  return (
    <div class="who">
      {who.is === 'token' ? (
        <>
          <span>Signed in with the administrator token</span>
          <button type="button" class="quiet" onClick={() => session.end()}>
            Sign out
          </button>
        </>
      ) : (
        <a href={hrefOf('sign-in')}>Sign in to change things</a>
      )}
    </div>
  );
}

/** Nothing is asked while the gateway is gone; what is shown is what was known. */
function Gone() {
  const isGone = useStore(link) === 'gone';
  return (
    <div role="status">
      {isGone && (
        <p class="gone">
          <strong>The gateway does not answer.</strong> What you see is what it said last. This page looks every two
          seconds and goes on by itself; if it takes longer than a minute, check its power and network cable.
        </p>
      )}
    </div>
  );
}
