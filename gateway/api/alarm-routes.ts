import { z } from 'zod';
import { alarmStates, severities } from '../../contracts/alarm-words.ts';
import {
  alarmCommentSchema,
  alarmLogSchema,
  alarmNoteSchema,
  alarmSchema,
  alarmShelveSchema,
  newAlarmSchema,
  type Alarm,
  type AlarmDesk,
  type AlarmLogEntry,
} from '../../contracts/alarms.ts';
import type { Actor, Permission, Target } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { route, type Context, type Route } from './route.ts';

interface Wish {
  readonly id: string;
  readonly does: 'acknowledge' | 'clear' | 'shelve' | 'comment';
  readonly by: string;
  readonly note?: string | undefined;
  readonly minutes?: number | undefined;
}

interface Query {
  readonly code?: string | undefined;
  readonly subject?: string | undefined;
  readonly severity?: Alarm['severity'] | undefined;
  readonly state?: Alarm['state'] | undefined;
  readonly limit: number;
  readonly before?: number | undefined;
}

/** What the API asks of the alarms. */
export interface AlarmModel extends AlarmDesk {
  open(): readonly Alarm[];
  list(query: Query): Promise<{ readonly alarms: readonly Alarm[]; readonly next: number | undefined }>;
  show(id: string): Promise<Alarm & { readonly log: readonly AlarmLogEntry[] }>;
  operate(wish: Wish): Promise<Alarm>;
  /** A place and everything in it. Throws NOT_FOUND for a place that is not there. */
  placesIn(place: string): ReadonlySet<string>;
  /** A device, or everything for a subject that is none. */
  targetOf(subject: string): Target;
}

type DeedSchema = typeof alarmNoteSchema | typeof alarmShelveSchema | typeof alarmCommentSchema;

const path = '/api/v1/alarms';
const flag = z.stringbool().or(z.boolean());
const { code, subject, place } = newAlarmSchema.shape;

const targetOf = ({ place }: Pick<Alarm, 'place'>): Target => (place === undefined ? 'everything' : { place });
const nameOf = ({ kind, name }: Actor): string => `${kind}:${name}`.slice(0, 128);

/** What a person must know about, and what was done with it. */
export function alarmRoutes(model: AlarmModel): Route[] {
  /** The alarm, if the caller may do this with it; one that may not be seen does not exist. */
  const allowed = async (id: string, permission: Permission, { may }: Context): ReturnType<AlarmModel['show']> => {
    const alarm = await model.show(id);
    const target = targetOf(alarm);
    if (!may('alarm.read', target)) throw new PortcullisError('NOT_FOUND', `There is no alarm "${id}".`);
    if (!may(permission, target)) throw new PortcullisError('NOT_ALLOWED', 'You may see this alarm, not handle it.');
    return alarm;
  };
  const deed = (does: Wish['does'], input: DeedSchema, summary: string): Route =>
    route({
      method: 'POST',
      path: `${path}/:id/${does}`,
      summary,
      needs: 'alarm.handle',
      target: 'some',
      input,
      result: alarmSchema,
      async handle(wish, context) {
        await allowed(wish.id, 'alarm.handle', context);
        return model.operate({ ...wish, does, by: nameOf(context.actor) });
      },
    });
  return [
    listRoute(model),
    route({
      method: 'GET',
      path: `${path}/:id`,
      summary: 'One alarm, with who did what with it and when.',
      needs: 'alarm.read',
      target: 'some',
      input: z.object({ id: z.string().max(64) }),
      result: alarmSchema.extend({ log: z.array(alarmLogSchema) }),
      handle: ({ id }, context) => allowed(id, 'alarm.read', context),
    }),
    route({
      method: 'POST',
      path,
      summary: 'Raises an alarm, or changes the text of the one with the same code and subject.',
      needs: 'alarm.raise',
      target: ({ subject }) => model.targetOf(subject),
      input: newAlarmSchema.omit({ by: true }),
      result: alarmSchema,
      async handle(alarm, { actor, may }) {
        const known = model.open().find(({ code, subject }) => code === alarm.code && subject === alarm.subject);
        const targets = [
          ...(alarm.place === undefined ? [] : [{ place: alarm.place }]),
          ...(known ? [targetOf(known)] : []),
        ];
        if (targets.every((target) => may('alarm.raise', target))) return model.raise({ ...alarm, by: nameOf(actor) });
        throw new PortcullisError('NOT_ALLOWED', 'The alarm is, or would be, in a place that is not yours.');
      },
    }),
    deed(
      'acknowledge',
      alarmNoteSchema,
      'Somebody has seen the alarm. A latched one whose condition is over is cleared by that.',
    ),
    deed('clear', alarmNoteSchema, 'Somebody says that it is over; a condition that is still there raises it again.'),
    deed('shelve', alarmShelveSchema, 'Nobody is told of the alarm for so many minutes; 0 takes it off the shelf.'),
    deed('comment', alarmCommentSchema, 'Adds a comment to the log of the alarm.'),
  ];
}

function listRoute(model: AlarmModel): Route {
  return route({
    method: 'GET',
    path,
    summary:
      'The alarms that are not cleared, the oldest first; those of a place with everything in it. With all=true every alarm that is remembered, the newest first.',
    needs: 'alarm.read',
    target: 'some',
    input: z.object({
      all: flag.default(false),
      code: code.optional(),
      subject: subject.optional(),
      severity: z.enum(severities).optional(),
      state: z.enum(alarmStates).optional(),
      place,
      shelved: flag.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
      cursor: z.coerce.number().int().nonnegative().optional(),
    }),
    result: z.object({ alarms: z.array(alarmSchema), next: z.number().nullable() }),
    handle: async ({ all, place, shelved, cursor, ...query }, { may }) => {
      const places = place === undefined ? undefined : model.placesIn(place);
      const fits = (alarm: Alarm): boolean =>
        may('alarm.read', targetOf(alarm)) &&
        (places === undefined || (alarm.place !== undefined && places.has(alarm.place))) &&
        (shelved === undefined || shelved === (alarm.shelvedUntil !== undefined));
      if (all) {
        const { alarms, next } = await model.list({ ...query, before: cursor });
        return { alarms: alarms.filter(fits), next: next ?? null };
      }
      const { limit, ...wanted } = query;
      const words = Object.entries(wanted) as [keyof typeof wanted, string | undefined][];
      const open = model
        .open()
        .filter((alarm) => words.every(([key, word]) => word === undefined || alarm[key] === word) && fits(alarm));
      const rest = open.filter(({ n }) => n > (cursor ?? 0));
      const page = rest.slice(0, limit);
      return { alarms: page, next: rest.length > limit ? (page.at(-1)?.n ?? null) : null };
    },
  });
}
