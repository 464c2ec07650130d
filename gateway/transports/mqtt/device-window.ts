import { randomUUID } from 'node:crypto';
import type { WaitingDevice } from '../../../contracts/device-window.ts';
import { mqttUser } from '../../../contracts/registry.ts';
import type { Clock } from '../../lib/clock.ts';
import { rootsOf, TopicRights } from './topic-rights.ts';
import type { Profile } from './profiles.ts';

/** Somebody whom nobody knows, at a window that is open. */
export interface Knock {
  readonly user: string;
  readonly clientId: string;
  readonly address: string;
  readonly password: string;
  /** Topic of its last will; it says what kind of device it is. */
  readonly will: string | undefined;
}

/**
 * The time in which an unknown device may ask to be let in, with the name and password that it has. It is not let in: it
 * waits for a person, and knocks again meanwhile, as devices do. A window closes by itself and forgets everybody;
 * after a start it is closed. It holds passwords in memory only.
 */
export interface DeviceWindow {
  open(): void;
  close(): void;
  /** Says whether it waits now; a full window or an odd name waits nowhere. */
  knock(knock: Knock): boolean;
  /** Milliseconds until it closes; undefined while it is closed. */
  closesInMs(): number | undefined;
  /** Never with their passwords. */
  waiting(): readonly WaitingDevice[];
  find(id: string): Knock | undefined;
  /** Somebody of this name was let in. */
  settle(user: string): void;
}

export const openMs = 300_000;
/** Who waits at once, and how many of them from one address. */
const mostWaiting = 20;
const mostOfAddress = 4;
const shortestPassword = 8;

export function deviceWindow(clock: Clock, profiles: Iterable<Profile>): DeviceWindow {
  const known = [...profiles];
  const roots = rootsOf(known);
  const knocks = new Map<string, { readonly knock: Knock; at: number }>();
  let until = -Infinity;
  let closing: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearTimeout(closing);
    until = -Infinity;
    knocks.clear();
  };
  const isOpen = (): boolean => {
    if (until === -Infinity) return false;
    if (clock.monoMs() < until) return true;
    close();
    return false;
  };
  return {
    open() {
      clearTimeout(closing);
      until = clock.monoMs() + openMs;
      closing = setTimeout(close, openMs).unref();
    },
    close,
    knock(knock) {
      if (!isOpen() || !isSound(knock)) return false;
      const all = [...knocks.values()];
      const again = all.find((one) => isSame(one.knock, knock));
      if (again !== undefined) {
        again.at = clock.wallMs();
        return true;
      }
      const ofAddress = all.filter((one) => one.knock.address === knock.address).length;
      if (all.length >= mostWaiting || ofAddress >= mostOfAddress) return false;
      knocks.set(randomUUID(), { knock, at: clock.wallMs() });
      return true;
    },
    closesInMs: () => (isOpen() ? until - clock.monoMs() : undefined),
    waiting: () =>
      isOpen()
        ? [...knocks].map(([id, { knock, at }]) => {
            const { user, clientId, address, will } = knock;
            return {
              id,
              user,
              clientId,
              address,
              at,
              profile: fitting(known, will, (profile) => new TopicRights(profile, clientId, roots)),
            };
          })
        : [],
    find: (id) => (isOpen() ? knocks.get(id)?.knock : undefined),
    settle(user) {
      for (const [id, { knock }] of knocks) if (knock.user === user) knocks.delete(id);
    },
  };
}

function isSound({ user, clientId, password }: Knock): boolean {
  const isName = (text: string): boolean => mqttUser.safeParse(text).success;
  return isName(user) && isName(clientId) && password.length >= shortestPassword && password.length <= 128;
}

const isSame = (one: Knock, other: Knock): boolean =>
  one.user === other.user &&
  one.clientId === other.clientId &&
  one.address === other.address &&
  one.password === other.password;

/** Where vendors tell that a device is gone, for those whose topics fit the same profiles. */
const lastLevels: Readonly<Record<string, string>> = { online: 'shelly', status: 'esphome' };

function fitting(
  profiles: readonly Profile[],
  will: string | undefined,
  rightsOf: (profile: Profile) => TopicRights,
): string | null {
  if (will === undefined) return null;
  const all = profiles.filter((profile) => rightsOf(profile).mayPublish(will)).map(({ name }) => name);
  const usual = lastLevels[will.split('/').at(-1) ?? ''];
  return all.find((name) => name === usual) ?? all[0] ?? null;
}
