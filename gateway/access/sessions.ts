import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Actor } from '../../contracts/actor.ts';
import type { SqlRow, TableStore, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { hashOf } from './book.ts';

export const bounds = { maxSessions: 1_000, maxPerPerson: 10 } as const;
const idleMs = 8 * 3_600_000;
const absoluteMs = 7 * 86_400_000;
/** A session that is used is written down this often: more would wear the card, less would end it too early after a restart. */
const noteEveryMs = 10 * 60_000;

/** Whose session it is: an account, or somebody whom the identity provider vouched for when it began. */
export type Holder = { readonly account: string } | { readonly person: Actor };

/** Ages are in time that went by, not in wall time: a clock that is set while the gateway runs ends nothing. */
interface Session {
  readonly hash: string;
  readonly holder: Holder;
  readonly bornAt: number;
  seenAt: number;
  notedAt: number;
}

export interface Sessions {
  /** The secret of a new session. When there are too many, the one that was idle longest ends. */
  begin(holder: Holder): Promise<string>;
  /** Whose it is; undefined when it is unknown or over. Counts as use. */
  find(secret: string): Holder | undefined;
  end(secret: string): Promise<void>;
  /** Ends all of an account, but for one. */
  endAll(account: string, except?: string): Promise<void>;
  count(): number;
}

/** What a page sends with every change, to show that it is one of ours: no other site can read it. */
export const csrfOf = (secret: string): string => createHash('sha256').update(`csrf:${secret}`).digest('base64url');
const keyOf = (secret: string): string => hashOf(secret).toString('hex');
const personOf = (holder: Holder): string => ('account' in holder ? holder.account : holder.person.id);

export async function openSessions(
  store: TableStore,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Sessions> {
  const sessions = new Map<string, Session>();
  for (const row of await store.read('access.sessions', [])) {
    const session = sessionIn(row, clock);
    sessions.set(session.hash, session);
  }
  const isOver = ({ bornAt, seenAt }: Session): boolean =>
    clock.monoMs() - seenAt > idleMs || clock.monoMs() - bornAt > absoluteMs;
  const note = (session: Session): Write => {
    session.notedAt = clock.monoMs();
    const holder =
      'account' in session.holder ? [session.holder.account, null] : [null, JSON.stringify(session.holder.person)];
    const ages = [Math.trunc(clock.monoMs() - session.bornAt), Math.trunc(clock.wallMs())];
    return { statement: 'access.putSession', params: [session.hash, ...holder, ...ages] };
  };
  const drop = async (ended: readonly Session[]): Promise<void> => {
    if (ended.length === 0) return;
    for (const { hash } of ended) sessions.delete(hash);
    await store.write(ended.map(({ hash }) => ({ statement: 'access.dropSession', params: [hash] })));
  };
  const oldest = (among: readonly Session[], most: number): Session[] =>
    among.toSorted((one, other) => one.seenAt - other.seenAt).slice(0, Math.max(0, among.length - most + 1));

  return {
    async begin(holder) {
      const all = [...sessions.values()];
      const mine = all.filter((one) => personOf(one.holder) === personOf(holder));
      const over = all.filter(isOver);
      await drop([...new Set([...over, ...oldest(mine, bounds.maxPerPerson), ...oldest(all, bounds.maxSessions)])]);
      const secret = randomBytes(32).toString('base64url');
      const now = clock.monoMs();
      const session = { hash: keyOf(secret), holder, bornAt: now, seenAt: now, notedAt: now };
      await store.write([note(session)]);
      sessions.set(session.hash, session);
      return secret;
    },
    find(secret) {
      const session = sessions.get(keyOf(secret));
      if (session === undefined || isOver(session)) return undefined;
      session.seenAt = clock.monoMs();
      if (session.seenAt - session.notedAt > noteEveryMs) {
        store.write([note(session)]).catch((err: unknown) => {
          log.warn({ err }, 'the use of a session could not be noted; a restart may end it early');
        });
      }
      return session.holder;
    },
    async end(secret) {
      const session = sessions.get(keyOf(secret));
      if (session !== undefined) await drop([session]);
    },
    async endAll(account, except) {
      const kept = except === undefined ? undefined : keyOf(except);
      await drop([...sessions.values()].filter(({ hash, holder }) => personOf(holder) === account && hash !== kept));
    },
    count: () => sessions.size,
  };
}

/** Time without power counts as far as the wall clock knows it. */
function sessionIn(row: SqlRow, clock: Clock): Session {
  const away = Math.max(0, clock.wallMs() - Number(row['seen_ms']));
  const now = clock.monoMs();
  const holder: Holder =
    typeof row['account'] === 'string'
      ? { account: row['account'] }
      : { person: JSON.parse(String(row['person'])) as Actor };
  const seenAt = now - away;
  return { hash: String(row['hash']), holder, bornAt: seenAt - Number(row['age_ms']), seenAt, notedAt: now };
}
