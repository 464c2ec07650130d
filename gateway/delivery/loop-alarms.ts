import { tell } from '../observability/channels.ts';

/** A sink stopped taking anything, or takes again. */
export function tellOutage(sink: string, active: boolean, reason: string): void {
  const detail = `${sink} takes no records (${reason}); they stay in the buffer.`;
  tell('alarm', { code: 'SINK_OUTAGE', subject: sink, active, detail });
}

/** Delivery stopped until a person acts, or goes on. */
export function tellHalted(sink: string, active: boolean, reason: string): void {
  const detail = `Delivery to ${sink} is stopped until somebody resumes it (${reason}).`;
  tell('alarm', { code: 'SINK_STOPPED', subject: sink, active, detail, explains: ['SINK_OUTAGE'] });
}
