import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from './asking/ask.ts';
import { homePaths } from './asking/first.ts';
import { link } from './asking/link.ts';
import { isSignedIn, session, type Session } from './asking/session.ts';
import { useStore } from './asking/store.ts';
import { forgetAnswers, useAsk } from './asking/use-ask.ts';
import { Act } from './parts/doing.tsx';
import { EditorFrame } from './pages/editor-frame.tsx';
import { HomePage } from './pages/home.tsx';
import { fetchPages, LaterPage } from './pages/later-page.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { hrefOf, useWay, type Way } from './route.ts';
import type { AlarmList } from './asking/types.ts';
import mark from './mark.svg';

const places: readonly { readonly at: string; readonly name: string }[] = [
  { at: 'home', name: 'Home' },
  { at: 'start', name: 'Set up' },
  { at: 'alarms', name: 'Alarms' },
  { at: 'devices', name: 'Devices' },
  { at: 'places', name: 'Rooms' },
  { at: 'rules', name: 'Rules' },
  { at: 'flows', name: 'Flows' },
  { at: 'sync', name: 'Delivery' },
  { at: 'trust', name: 'Plugins' },
  { at: 'people', name: 'People' },
  { at: 'system', name: 'System' },
];

export function App() {
  const way = useWay();
  const who = useStore(session.state);
  const isHere = useStore(link) === 'here';
  if (location.pathname === '/claim' || way[0] === 'claim') return <LaterPage at="claim" title="Claim" way={[]} />;
  if (who === undefined) return isHere ? <p class="first">Asking the gateway who you are…</p> : <Gone />;
  if (who.actor.kind === 'anonymous' || way[0] === 'sign-in') return <SignInPage />;
  return <Shell way={way} who={who} />;
}

/** Every page, with what stands around it. */
export function Shell({ way: [at = 'home', ...rest], who }: { way: Way; who: Session }) {
  const place = places.find((one) => one.at === at) ?? places[0];
  const main = useRef<HTMLElement>(null);
  const [isOpen, open] = useState(false);
  const address = [at, ...rest].join('/');
  const before = useRef(address);
  useEffect(fetchPages, []);
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
        <Who who={who} />
      </header>
      <main ref={main} id="main">
        <Gone />
        {place === undefined || place.at === 'home' ? (
          <HomePage />
        ) : (
          <LaterPage key={place.at} at={place.at} title={place.name} way={rest} />
        )}
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

function Who({ who: { actor } }: { who: Session }) {
  const leave = async (): Promise<void> => {
    if (actor.kind === 'person') await ask('/api/v1/logout', { method: 'POST', body: {} });
    session.forgetToken();
    forgetAnswers();
    await session.load();
  };
  return (
    <div class="who">
      {isSignedIn(actor) ? (
        <>
          <span>
            {actor.name}, {actor.role}
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
