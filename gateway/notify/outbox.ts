import type { AlarmOp } from '../../contracts/alarm-words.ts';
import type { Alarm } from '../../contracts/alarms.ts';
import type { Write } from '../../contracts/table-set.ts';
import { tell } from '../observability/channels.ts';
import type { NotifyBounds } from './bounds.ts';
import { noticesOfEnd, noticesOfRaise, wayOf, type Moment, type Site } from './plan.ts';
import { addWrite, endWrite, rankOf, type Notice, type Outcome } from './tables.ts';
import { openTold, type Told } from './told.ts';

/** A notice that waits, with what was tried in this life. */
export interface Waiting {
  readonly notice: Notice;
  tries: number;
  /** Lived time before which it is not tried again. */
  retryMs: number;
  /** It is on disk, or the disk does not answer for a while: it may go out. */
  isPlanned: boolean;
  /** It is with its channel now. */
  isOut: boolean;
  error?: string | undefined;
}

interface Plan {
  readonly writes: readonly Write[];
  /** Those that are new, and go out once they are planned. */
  readonly fresh: readonly Waiting[];
}

/** Everything that somebody is still to be told; what a call changes is given back as writes. */
export interface Outbox {
  /** What a change of an alarm means for those who are responsible. */
  plan(change: { readonly alarm: Alarm; readonly op: AlarmOp }, moment: Moment): Plan;
  end(waiting: Waiting, outcome: Outcome, now: number): Write;
  waiting(): Iterable<Waiting>;
}

type OutboxSite = Omit<Site, 'restsUntil'>;

export function openOutbox(
  stored: { readonly waiting: readonly Notice[]; readonly sent: readonly Notice[] },
  site: OutboxSite,
  bounds: NotifyBounds,
): Outbox {
  const all = new Map<string, Waiting>();
  const told = openTold(bounds.maxTold);
  const add = (notice: Notice, isPlanned: boolean): Waiting => {
    all.set(notice.id, { notice, tries: 0, retryMs: 0, isPlanned, isOut: false });
    return all.get(notice.id) as Waiting;
  };
  for (const notice of stored.sent) told.note(notice, notice.dueMs);
  for (const notice of stored.waiting) add(notice, true);

  const end = (one: Waiting, state: Outcome, now: number): Write => {
    const { notice, error } = one;
    all.delete(notice.id);
    if (state === 'sent') told.note(notice, now);
    tell('notified', { channel: notice.channel, outcome: state });
    return endWrite(notice.id, { state, now, ...(error !== undefined && { error }) });
  };
  const drop = (isUnwanted: (notice: Notice) => boolean, now: number): Write[] => {
    const unwanted = [...all.values()].filter(({ notice, isOut }) => !isOut && isUnwanted(notice));
    return unwanted.map((one) => end(one, 'withdrawn', now));
  };
  const fullSite = withRests(site, told, bounds);
  /** The newer word on the same alarm takes the place of one that waits, and its time. */
  const put = (notices: readonly Notice[], now: number): Plan => {
    const writes: Write[] = [];
    const fresh: Waiting[] = [];
    for (const notice of notices) {
      let { dueMs } = notice;
      for (const one of all.values()) {
        if (one.isOut || one.notice.alarm.id !== notice.alarm.id || wayOf(one.notice) !== wayOf(notice)) continue;
        if (one.notice.why !== 'escalated' || notice.why === 'escalated') dueMs = Math.min(dueMs, one.notice.dueMs);
        writes.push(end(one, 'withdrawn', now));
      }
      const room = all.size < bounds.maxWaiting ? [] : evictFor(notice, now);
      if (room === undefined) continue;
      const kept = { ...notice, dueMs };
      fresh.push(add(kept, false));
      writes.push(...room, addWrite(kept));
    }
    return { writes, fresh };
  };
  /** Makes room for a more severe one; undefined when there is nothing less severe. */
  const evictFor = (notice: Notice, now: number): Write[] | undefined => {
    tell('dropped', { stage: 'notify', reason: 'full', count: 1 });
    const [least] = [...all.values()].filter(({ isOut }) => !isOut).toSorted(bySeverity);
    if (least === undefined || bySeverity(least, { notice }) >= 0) return undefined;
    return [end(least, 'evicted', now)];
  };
  const planEnd = (alarm: Alarm, moment: Moment): Plan => {
    const { now } = moment;
    const withdrawn = drop(({ alarm: { id }, why }) => id === alarm.id && why === 'escalated', now);
    if (alarm.shelvedUntil !== undefined) return { writes: withdrawn, fresh: [] };
    const unheard = [...all.values()].flatMap(({ notice }) => (notice.alarm.id === alarm.id ? [notice] : []));
    const ways = new Map([...unheard, ...told.ways(alarm.id)].map((way) => [wayOf(way), way]));
    const { writes, fresh } = put(noticesOfEnd(alarm, [...ways.values()], fullSite, moment), now);
    return { writes: [...withdrawn, ...writes], fresh };
  };

  return {
    plan({ alarm, op }, moment) {
      const { now } = moment;
      const isOf = (notice: Notice): boolean => notice.alarm.id === alarm.id;
      if (op === 'shelved') return { writes: drop(isOf, now), fresh: [] };
      if (op === 'acknowledged' && alarm.state !== 'cleared') {
        return { writes: drop((notice) => isOf(notice) && notice.why === 'escalated', now), fresh: [] };
      }
      if (alarm.state === 'cleared' && op !== 'commented') return planEnd(alarm, moment);
      const isToTell = op === 'raised' || (op === 'unshelved' && alarm.state === 'raised');
      if (!isToTell || alarm.shelvedUntil !== undefined) return { writes: [], fresh: [] };
      const notices = noticesOfRaise(alarm, fullSite, moment);
      if (notices.length === 0) tell('dropped', { stage: 'notify', reason: 'nobody', count: 1 });
      return put(notices, now);
    },
    end,
    waiting: () => all.values(),
  };
}

/** Of the same alarm nobody is told over the same way all the time. */
function withRests(site: OutboxSite, told: Told, { restMs, criticalRestMs }: NotifyBounds): Site {
  return {
    ...site,
    restsUntil({ id, severity }, way) {
      const at = told.at(id, way);
      return at === undefined ? 0 : at + (severity === 'critical' ? criticalRestMs : restMs);
    },
  };
}

const bySeverity = (one: Pick<Waiting, 'notice'>, other: Pick<Waiting, 'notice'>): number =>
  rankOf(one.notice.alarm.severity) - rankOf(other.notice.alarm.severity);
