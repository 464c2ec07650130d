import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from './asking/ask.ts';
import { homePaths } from './asking/first.ts';
import { link, lost } from './asking/link.ts';
import { session } from './asking/session.ts';
import { useStore } from './asking/store.ts';
import { forgetAnswers, useAsk } from './asking/use-ask.ts';
import { Act } from './parts/doing.tsx';
import { AlarmsPage } from './pages/alarms.tsx';
import { ClaimPage } from './pages/claim.tsx';
import { DevicePage } from './pages/device.tsx';
import { EditorFrame } from './pages/editor-frame.tsx';
import { FlowsPage } from './pages/flows.tsx';
import { HomePage } from './pages/home.tsx';
import { NewDevicePage } from './pages/new-device.tsx';
import { PeoplePage } from './pages/people.tsx';
import { PlacesPage } from './pages/places.tsx';
import { RoomsPage } from './pages/rooms.tsx';
import { RulesPage } from './pages/rules.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { StartPage } from './pages/start.tsx';
import { SyncPage } from './pages/sync.tsx';
import { SystemPage } from './pages/system.tsx';
import { TrustPage } from './pages/trust.tsx';
import { hrefOf, useWay, type Way } from './route.ts';
import type { AlarmList } from './asking/types.ts';
import mark from './mark.svg';

const places: readonly { readonly at: string; readonly name: string; readonly show: (rest: Way) => JSX.Element }[] = [
  { at: 'home', name: 'Home', show: () => <HomePage /> },
  { at: 'start', name: 'Set up', show: () => <StartPage /> },
  { at: 'alarms', name: 'Alarms', show: () => <AlarmsPage /> },
  { at: 'devices', name: 'Devices', show: showDevices },
  { at: 'places', name: 'Rooms', show: () => <RoomsPage /> },
  { at: 'rules', name: 'Rules', show: () => <RulesPage /> },
  { at: 'flows', name: 'Flows', show: () => <FlowsPage /> },
  { at: 'sync', name: 'Delivery', show: () => <SyncPage /> },
  { at: 'trust', name: 'Plugins', show: () => <TrustPage /> },
  { at: 'people', name: 'People', show: () => <PeoplePage /> },
  { at: 'system', name: 'System', show: () => <SystemPage /> },
];

function showDevices([id]: Way): JSX.Element {
  if (id === undefined) return <PlacesPage />;
  return id === 'new' ? <NewDevicePage /> : <DevicePage key={id} id={id} />;
}

export function App() {
  const way = useWay();
  const who = useStore(session.state);
  const isHere = useStore(link) === 'here';
  useEffect(() => {
    if (isHere) session.load().catch(lost);
  }, [isHere]);
  if (location.pathname === '/claim' || way[0] === 'claim') return <ClaimPage />;
  if (who === undefined) return isHere ? <p class="first">Asking the gateway who you are…</p> : <Gone />;
  if (who.actor.kind === 'anonymous' || way[0] === 'sign-in') return <SignInPage />;
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
        <EditorFrame isShown={place?.at === 'flows'} />
      </main>
    </div>
  );
}

function AlarmCount() {
  const { data } = useAsk<AlarmList>(homePaths.alarms, 10_000);
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
  const leave = async (): Promise<void> => {
    if (who?.actor.kind === 'person') await ask('/api/v1/logout', { method: 'POST', body: {} });
    session.forgetToken();
    forgetAnswers();
    await session.load();
  };
  return (
    <div class="who">
      {session.isSignedIn() ? (
        <>
          <span>
            {who?.actor.name}, {who?.actor.role}
          </span>
          <Act kind="quiet" busy="Signing out…" run={leave}>
            Sign out
          </Act>
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
