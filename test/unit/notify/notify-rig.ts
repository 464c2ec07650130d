import type { TestContext } from 'node:test';
import type { AlarmOp } from '../../../contracts/alarm-words.ts';
import type { Alarm } from '../../../contracts/alarms.ts';
import { contactSchema } from '../../../contracts/contacts.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Channel, Letter, SendResult } from '../../../gateway/notify/channels/channel.ts';
import { openNotify, type Notify, type NotifyDeps } from '../../../gateway/notify/open-notify.ts';
import { notifyTables } from '../../../gateway/notify/tables.ts';
import { memoryDisk } from '../alarms/alarms-rig.ts';
import { silent } from '../buffer/buffer-fixture.ts';
import { settle, VirtualTime } from '../delivery/virtual-time.ts';

export const notifyDisk = (t: TestContext): TableStore => memoryDisk(t, [notifyTables]);

export interface Rig {
  readonly notify: Notify;
  readonly time: VirtualTime;
  readonly disk: TableStore;
  /** Letters that were taken, as `to: why CODE severity xCount, …`. */
  readonly taken: readonly string[];
  readonly ids: readonly string[];
  /** What the channel answers; it takes everything while undefined. */
  answer: SendResult | undefined;
  /** An alarm, and what happens to it; resolves when everything that followed at once has settled. */
  readonly change: (op: AlarmOp, alarm?: Partial<Alarm>) => Promise<void>;
  readonly contact: (contact: object) => Promise<void>;
}

export interface RigOptions extends Partial<NotifyDeps> {
  readonly disk?: TableStore;
  readonly time?: VirtualTime;
  readonly combines?: boolean;
}

/** One life of the notifications: people of a group `Facility` are responsible for everything. */
export async function openRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const { disk = notifyDisk(t), time = new VirtualTime(), combines = true, ...rest } = options;
  const [taken, ids]: [string[], string[]] = [[], []];
  const channel: Channel = {
    combines,
    async send({ id, to, notices }: Letter) {
      if (rig.answer !== undefined) return rig.answer;
      const all = notices.map(({ why, alarm }) => `${why} ${alarm.code} ${alarm.severity} x${alarm.count}`);
      taken.push(`${to}: ${all.join(', ')}`);
      ids.push(id);
      return { is: 'taken' };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const notify = await openNotify({
    store: disk,
    responsibleFor: () => ['Facility', 'Ann'],
    membersOf: (group) => (group === 'Managers' ? ['Bob'] : []),
    channelNames: new Set(['push']),
    timeZone: 'Europe/Berlin',
    log: silent,
    clock: time,
    scheduler: time,
    random: () => 0.5,
    ...rest,
  });
  t.after(() => notify[Symbol.asyncDispose]());
  const rig: Rig = {
    notify,
    time,
    disk,
    taken,
    ids,
    answer: undefined,
    async change(op, alarm = {}) {
      const planned = notify.plan({ op, alarm: { ...frost, ...alarm } });
      await disk.write(planned.writes);
      planned.begin();
      await settle();
    },
    contact: async (contact) => void (await notify.putContact(contactSchema.parse(contact))),
  };
  notify.connect(new Map([['push', channel]]));
  return rig;
}

export const frost: Alarm = {
  id: 'a1',
  n: 1,
  code: 'FROST',
  subject: 'z2m:1',
  severity: 'medium',
  state: 'raised',
  detail: 'It is cold.',
  since: 1_750_000_000_000,
  changed: 1_750_000_000_000,
  count: 1,
  latched: false,
  by: 'rule:frost',
};

export const push = (to: string): object => ({ channel: 'push', to });
