import type { Contact } from '../../contracts/contacts.ts';
import type { Waiting } from './outbox.ts';
import { breaksThrough, wayOf } from './plan.ts';
import { quietForMs } from './quiet-hours.ts';
import { rankOf } from './tables.ts';

export interface PickParts {
  readonly waiting: Iterable<Waiting>;
  readonly contactOf: (name: string) => Contact | undefined;
  readonly timeZone: string;
  /** Channels that send now, or rest after a failure until a moment of lived time. */
  readonly busy: (channel: string) => boolean;
  readonly restsUntil: (channel: string) => number;
  /** Whether a channel can say several things in one message. */
  readonly combines: (channel: string) => boolean;
  readonly together: number;
  readonly now: number;
  readonly wallMs: number;
}

/** What is to be sent now, one message per free channel, and when to look again if nothing else happens before. */
export interface Picked {
  readonly batches: readonly (readonly Waiting[])[];
  readonly wakeMs: number | undefined;
}

/** Quiet hours end by the clock on the wall, which may be set meanwhile: it is looked at again at least this often. */
const longestQuietLook = 900_000;

/** The most severe first, then the oldest. Everything that is ready for the same way goes along where the channel can combine. */
export function pick(parts: PickParts): Picked {
  const { now, busy, restsUntil } = parts;
  const quietFor = memoOfQuiet(parts);
  const readyAt = new Map<Waiting, number>();
  for (const one of parts.waiting) {
    if (one.isPlanned && !one.isOut)
      readyAt.set(one, Math.max(readyMs(one, parts, quietFor), restsUntil(one.notice.channel)));
  }
  const wakeMs = [...readyAt.values()].reduce((least, at) => (at > now ? Math.min(least, at) : least), Infinity);
  const ready = [...readyAt].flatMap(([one, at]) => (at <= now && !busy(one.notice.channel) ? [one] : []));
  const batches = [...Map.groupBy(ready, ({ notice }) => notice.channel).values()].map((all) => {
    const [first] = all.toSorted(byUrgency);
    return first === undefined ? [] : companyOf(first, readyAt, parts);
  });
  return { batches, wakeMs: wakeMs === Infinity ? undefined : wakeMs };
}

/** The clock of the site is read once per contact and round. */
function memoOfQuiet({ wallMs, timeZone }: PickParts): (contact: Contact) => number {
  const known = new Map<Contact, number>();
  return (contact) => {
    const quietMs = known.get(contact) ?? quietForMs(contact.quiet, wallMs, timeZone);
    known.set(contact, quietMs);
    return quietMs;
  };
}

/** When a notice may go, as far as it itself and its recipient are concerned. */
function readyMs(
  { notice, retryMs }: Waiting,
  { contactOf, now }: PickParts,
  quietFor: (contact: Contact) => number,
): number {
  const at = Math.max(notice.dueMs, retryMs);
  const contact = contactOf(notice.who);
  if (at > now || contact === undefined || breaksThrough(notice.alarm, contact)) return at;
  const quietMs = quietFor(contact);
  return quietMs === 0 ? at : now + Math.min(quietMs, longestQuietLook);
}

/** One message: what is ready for the same way, and with a digest also what would be gathered for a later one. */
function companyOf(first: Waiting, readyAt: ReadonlyMap<Waiting, number>, parts: PickParts): Waiting[] {
  const { notice } = first;
  if (!parts.combines(notice.channel)) return [first];
  const contact = parts.contactOf(notice.who);
  const isDigest = contact?.digestMinutes !== undefined && !breaksThrough(notice.alarm, contact);
  const others = [...readyAt].filter(([one, at]) => {
    if (one === first || wayOf(one.notice) !== wayOf(notice)) return false;
    return at <= parts.now || (isDigest && one.notice.why !== 'escalated' && one.tries === 0);
  });
  return [first, ...others.map(([one]) => one).toSorted(byUrgency)].slice(0, parts.together);
}

function byUrgency({ notice: one }: Waiting, { notice: other }: Waiting): number {
  return rankOf(other.alarm.severity) - rankOf(one.alarm.severity) || one.bornMs - other.bornMs;
}
