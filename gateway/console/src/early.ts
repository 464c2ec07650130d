import { homePaths, sessionPath, tokenKey, type Early } from './asking/first.ts';

// A file of its own, small enough to run while the page's code is on its way: asks who this is and, for somebody, what home
// is made of. Nobody is asked for more: each call would be a refusal in the audit log.
const early: Early = {};
(globalThis as { early?: Early }).early = early;

const token = sessionStorage.getItem(tokenKey);
const headers = token === null ? {} : { authorization: `Bearer ${token}` };
const isHome = location.pathname === '/' && /^(#\/?(home)?)?$/.test(location.hash);

function keep(path: string, asked: Promise<Response>): void {
  // Told to whoever takes it; until then nobody minds.
  asked.catch(() => undefined);
  early[path] = asked;
}

const ask = (path: string): Promise<Response> =>
  fetch(path, { headers, cache: 'no-store', signal: AbortSignal.timeout(20_000) });

async function begin(): Promise<Response> {
  const answer = await ask(sessionPath);
  const { actor } = (await answer.clone().json()) as { actor?: { kind: string } };
  if (isHome && actor !== undefined && actor.kind !== 'anonymous')
    for (const path of Object.values(homePaths)) keep(path, ask(path));
  return answer;
}

keep(sessionPath, begin());
