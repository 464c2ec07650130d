import { createHash, randomBytes } from 'node:crypto';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Clock } from '../lib/clock.ts';

/** What the books of accounts and of tokens share: a name in the audit log means one account or one token. */
export interface BookDeps {
  readonly clock: Clock;
  /** Each says whether a name is taken. */
  readonly names: Set<(name: string) => boolean>;
  /** Does one change after the other. */
  readonly inTurn: <Result>(act: () => Promise<Result>) => Promise<Result>;
}

export function oneAfterTheOther(): BookDeps['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const done = last.then(act, act);
    last = done.catch(() => undefined);
    return done;
  };
}

export function mustBeFree(names: BookDeps['names'], name: string): void {
  for (const isTaken of names) {
    if (isTaken(name)) throw new PortcullisError('CONFLICT', `The name "${name}" is taken.`);
  }
}

/** Names that differ in case only are the same. */
export const key = (name: string): string => name.normalize('NFKC').toLowerCase();
export const newId = (): string => randomBytes(8).toString('hex');
export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
export const wall = (clock: Clock): number => Math.trunc(clock.wallMs());

export function missing(what: string, id: string): never {
  throw new PortcullisError('NOT_FOUND', `There is no ${what} "${id}".`);
}
export const full = (what: string): PortcullisError =>
  new PortcullisError('COMMAND_INVALID', `There are too many ${what}. Remove those that nobody uses.`);
