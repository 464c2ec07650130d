import { elsewhere, homePaths, knownKey, sessionPath, tokenKey, type Early } from './asking/first.ts';

// A file of its own, small enough to run while the page's code is on its way: hides home where another page was asked for, asks who this is
// and what home is made of.
// For who was nobody at the last look it waits for the answer to the first: each call more would be a refusal in the audit log.
const token = sessionStorage.getItem(tokenKey);
const headers = token === null ? {} : { authorization: `Bearer ${token}` };
const isHome = location.pathname === '/' && /^(#\/?(home)?)?$/.test(location.hash);
const wasKnown = token !== null || localStorage.getItem(knownKey) !== null;

if (!isHome) document.documentElement.classList.add(elsewhere);

// What is drawn already is shown first: to ask takes a slow phone longer than to show it.
const isDrawn = document.querySelector('#page main') !== null && !document.hidden;
const shown = isDrawn ? new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))) : Promise.resolve();

const ask = (path: string): Promise<Response> => {
  const answer = shown.then(() => fetch(path, { headers, cache: 'no-store', signal: AbortSignal.timeout(20_000) }));
  // Told to whoever takes it; until then nobody minds.
  answer.catch(() => undefined);
  return answer;
};

const askHome = (early: Early): void => {
  for (const path of Object.values(homePaths)) early[path] = ask(path);
};

async function begin(early: Early): Promise<Response> {
  const answer = await ask(sessionPath);
  const { actor } = (await answer.clone().json()) as { actor?: { kind: string } };
  if (!wasKnown && isHome && actor !== undefined && actor.kind !== 'anonymous') askHome(early);
  return answer;
}

const page = globalThis as { early?: Early };
// The page's code may have been faster, and asks by itself then.
if (page.early === undefined) {
  const early: Early = {};
  page.early = early;
  if (wasKnown && isHome) askHome(early);
  const session = begin(early);
  session.catch(() => undefined);
  early[sessionPath] = session;
}
