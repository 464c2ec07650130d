/** EEMUA 191 priorities. `critical` is danger for people or the house, and latched unless the source says otherwise. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/**
 * ISA-18.2 words: `raised` is active and unacknowledged, `returned` is "return to normal, unacknowledged" (latched alarms
 * only), `cleared` is normal again. Shelving stands beside the state and hides nothing of it.
 */
export const alarmStates = ['raised', 'acknowledged', 'returned', 'cleared'] as const;
export type AlarmState = (typeof alarmStates)[number];

/** What can be done with an alarm, or happen to it, as its log and the sinks are told. */
export const alarmOps = [
  'raised',
  'changed',
  'acknowledged',
  'returned',
  'cleared',
  'shelved',
  'unshelved',
  'commented',
] as const;
export type AlarmOp = (typeof alarmOps)[number];
