import type { AlarmState } from '../../contracts/alarm-words.ts';

/**
 * What happens to an alarm. `raise`: the condition is there. `normal`: it is over. `latch`: it is over, and the alarm is one
 * that stays until somebody has seen it. `acknowledge`: somebody has seen it. `worsen`: its severity rose. `reset`: a person
 * says that it is over.
 */
export const alarmEvents = ['raise', 'normal', 'latch', 'acknowledge', 'worsen', 'reset'] as const;
export type AlarmEvent = (typeof alarmEvents)[number];

/** ISA-18.2, figure "alarm state transition", without suppression by design and out of service. */
const table: Readonly<Record<AlarmState, Partial<Record<AlarmEvent, AlarmState>>>> = {
  raised: { normal: 'cleared', latch: 'returned', acknowledge: 'acknowledged', reset: 'cleared' },
  acknowledged: { normal: 'cleared', latch: 'cleared', worsen: 'raised', reset: 'cleared' },
  returned: { raise: 'raised', acknowledge: 'cleared', reset: 'cleared' },
  cleared: { raise: 'raised' },
};

/** The state after an event; undefined when the event means nothing in this state. */
export function nextState(state: AlarmState, event: AlarmEvent): AlarmState | undefined {
  return table[state][event];
}
