import { z } from 'zod';
import { alarmOps, alarmStates, severities } from './alarm-words.ts';
import { placeRef } from './registry.ts';

const alarmCode = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'a code is made of letters, digits and _ . -');
/** What it is about: mostly the id of a device. */
const alarmSubject = z.string().min(1).max(256);
/** Who did it: `gateway`, `rule:frost`, `flow:porch`, `person:Ann`. */
const doneBy = z.string().min(1).max(128);
const note = z
  .string()
  .trim()
  .min(1)
  .max(1024)
  .regex(/^[^\p{Cc}]+$/u, 'no line breaks and other control characters');

export const newAlarmSchema = z.strictObject({
  code: alarmCode,
  subject: alarmSubject,
  severity: z.enum(severities),
  detail: note,
  /** The id of a place; without it, where the device of the subject stands. */
  place: placeRef.optional(),
  /** Stays until somebody acknowledges it, also when the condition is over. */
  latched: z.boolean().optional(),
  by: doneBy,
});
export type NewAlarm = z.infer<typeof newAlarmSchema>;

/** The condition of an alarm is over. */
export interface AlarmEnd {
  readonly code: string;
  readonly subject: string;
  readonly by: string;
}

/**
 * Where alarms are raised inside the gateway. There is one per code and subject: raising it again changes its text, and one
 * that comes and goes is counted. Both resolve after the commit that holds the message for the sinks; a flapping alarm is
 * answered at once and committed with the next round. `raise` rejects with OVERLOADED when too many are open, and with
 * COMMAND_INVALID for input that `newAlarmSchema` refuses. `clear` does nothing for an alarm that is not open.
 */
export interface AlarmDesk {
  raise(alarm: NewAlarm): Promise<Alarm>;
  clear(end: AlarmEnd): Promise<void>;
}

/** One alarm as it is shown. Times are wall time in milliseconds. */
export const alarmSchema = z.object({
  id: z.string(),
  /** The order in which alarms were first raised. */
  n: z.int().positive(),
  code: z.string(),
  subject: z.string(),
  severity: z.enum(severities),
  state: z.enum(alarmStates),
  detail: z.string(),
  /** When it was first raised, and when its state last changed. */
  since: z.number(),
  changed: z.number(),
  /** How often it was raised; more than one when it flaps. */
  count: z.int().positive(),
  latched: z.boolean(),
  by: z.string(),
  place: z.string().optional(),
  acknowledgedBy: z.string().optional(),
  shelvedUntil: z.number().optional(),
  shelvedBy: z.string().optional(),
});
export type Alarm = Readonly<z.infer<typeof alarmSchema>>;

/** What somebody did with an alarm, and when. */
export const alarmLogSchema = z.object({
  at: z.number(),
  op: z.enum(alarmOps),
  by: z.string(),
  note: z.string().optional(),
});
export type AlarmLogEntry = Readonly<z.infer<typeof alarmLogSchema>>;

/** What a person does with an alarm. */
export const alarmNoteSchema = z.strictObject({ id: z.string().min(1).max(64), note: note.optional() });
export const alarmCommentSchema = alarmNoteSchema.extend({ note });
export const alarmShelveSchema = alarmNoteSchema.extend({
  /** From now on; 0 takes the alarm off the shelf. */
  minutes: z
    .number()
    .min(0)
    .max(30 * 1_440),
});
