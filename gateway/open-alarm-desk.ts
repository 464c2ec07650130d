import type { AlarmDesk } from '../contracts/alarms.ts';
import { PortcullisError } from '../contracts/errors.ts';
import type { Place } from '../contracts/message.ts';
import { placeKinds } from '../contracts/registry.ts';
import { openAlarms, type Alarms } from './alarms/open-alarms.ts';
import { keepOwnConditions } from './alarms/own-conditions.ts';
import { alarmRoutes } from './api/alarm-routes.ts';
import type { Route } from './api/route.ts';
import { notifyRoutes } from './api/notify-routes.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Config } from './config/schema.ts';
import type { GatewayDeps } from './gateway.ts';
import { systemScheduler } from './lib/scheduler.ts';
import type { OpenLiveView } from './live/open-live-view.ts';
import type { Publish } from './notify/channels/mqtt.ts';
import type { Notify } from './notify/open-notify.ts';
import type { AlarmBook } from './observability/alarms.ts';
import type { Metrics } from './observability/metrics.ts';
import { openNotifications } from './open-notifications.ts';
import type { Registry } from './registry/open-registry.ts';

interface AlarmStages {
  /** The gateway's name. */
  readonly name: string;
  readonly metrics: Metrics;
  readonly buffer: Buffer;
  readonly registry: Registry;
  readonly live: OpenLiveView;
  /** The conditions of the gateway itself. */
  readonly book: AlarmBook;
}

/** Alarms for whoever raises some, and for the API. */
export interface AlarmStage {
  readonly desk: AlarmDesk;
  readonly routes: readonly Route[];
  /** Begins to tell people what waits for them, also over the gateway's own broker. Throws CONFIG_INVALID or FILE_UNREADABLE. */
  tellPeople(publish: Publish): Promise<void>;
}

/** Alarms of devices, rules and people, and the gateway's own conditions among them. `stack` ends them. */
export async function openAlarmDesk(
  config: Config,
  { name, metrics, buffer, registry, live, book }: AlarmStages,
  deps: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<AlarmStage> {
  const { log, clock } = deps;
  const notifications = await openNotifications(config, { name, buffer, registry }, deps);
  const notify = notifications && stack.use(notifications.notify);
  const alarms: Alarms = stack.use(
    await openAlarms({
      append: live.watch(buffer.append),
      store: buffer,
      directory: {
        deviceAt: (subject) => registry.find(subject),
        namesOf: (place) => namesOf(registry, place),
      },
      follower: notify,
      log,
      clock,
    }),
  );
  const own = keepOwnConditions({ desk: alarms, active: () => book.active(), scheduler: systemScheduler, log });
  stack.use(own);
  stack.use(book.follow((alarm, isActive) => own.onChange(alarm, isActive)));
  const routes = alarmRoutes({
    ...alarms,
    placesIn: (around) => placesIn(registry, around),
    targetOf: (subject) => (registry.find(subject) === undefined ? 'everything' : { device: subject }),
  });
  count(metrics, alarms, notify);
  return {
    desk: alarms,
    routes: [...routes, ...notifyRoutes(notify)],
    tellPeople: async (publish) => notifications?.connect(publish),
  };
}

function count(metrics: Metrics, alarms: Alarms, notify: Notify | undefined): void {
  metrics.gauge('alarms_open', 'Alarms that are not cleared.', ['severity', 'state'], () => {
    const all = Map.groupBy(alarms.open(), ({ severity, state }) => `${severity} ${state}`);
    return [...all].map(([key, { length: value }]) => {
      const [severity = '', state = ''] = key.split(' ');
      return { labels: { severity, state }, value };
    });
  });
  metrics.gauge('notifications_waiting', 'Notifications that nobody took yet.', ['channel'], () =>
    [...(notify?.waiting() ?? [])].map(([channel, value]) => ({ labels: { channel }, value })),
  );
}

const has = (registry: Registry, id: string): boolean => Array.from(registry.places()).some((one) => one.id === id);

/** The names of a place and of those around it, as messages carry them; a slash is in no name. */
function namesOf(registry: Registry, place: string): Place | undefined {
  if (!has(registry, place)) return undefined;
  const names = registry.pathOf(place).split('/');
  return Object.fromEntries(names.map((name, level) => [placeKinds[level], name]));
}

/** A place and everything in it. Throws NOT_FOUND. */
function placesIn(registry: Registry, around: string): ReadonlySet<string> {
  if (!has(registry, around)) throw new PortcullisError('NOT_FOUND', `There is no place "${around}".`);
  const children = Map.groupBy(registry.places(), ({ parent }) => parent);
  const all = new Set([around]);
  for (const each of all) for (const { id } of children.get(each) ?? []) all.add(id);
  return all;
}
