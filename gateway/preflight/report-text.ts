import type { DifferenceGroup, PreflightReport, Times } from './preflight.ts';

/** What was compared, in words. */
export interface PreflightSubject {
  readonly plugin: string;
  /** Undefined: no version runs yet. */
  readonly running: string | undefined;
  readonly candidate: string;
  /** Where the messages come from, for example `the last day`. */
  readonly traffic: string;
}

/** Control and format characters can rewrite what a terminal shows, and topics come from devices. */
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** The report for people, one line per element. */
export function reportLines(subject: PreflightSubject, report: PreflightReport): readonly string[] {
  const { plugin, running, candidate, traffic } = subject;
  const { messages, different, groups, errors, times } = report;
  const lines = [
    `${plugin}: ${running ?? 'nothing yet'} → ${candidate}, ${messages} messages (${traffic})`,
    different === 0 ? 'No difference.' : `${different} of ${messages} messages come out differently:`,
    ...groups.flatMap(groupLines),
    `Errors: ${errors.running} → ${errors.candidate}. Time per message: ${shownTimes(times.running)} → ${shownTimes(times.candidate)}.`,
  ];
  return lines.map((line) => line.replaceAll(unsafe, ''));
}

function groupLines({ what, metric, messages, devices, examples }: DifferenceGroup): readonly string[] {
  const where = devices === 0 ? '' : `, ${devices} ${devices === 1 ? 'device' : 'devices'}`;
  const name = metric === '' ? '' : ` ${metric}`;
  return [
    `  ${what.replace('-', ' ')}${name}: ${messages} ${messages === 1 ? 'message' : 'messages'}${where}`,
    ...examples.map(({ topic, device, before, after }) => {
      const subject = device === '' ? topic : `${topic} ${device}`;
      return `      ${subject}: ${before === '' ? '–' : before} → ${after === '' ? '–' : after}`;
    }),
  ];
}

function shownTimes({ median, p95, longest }: Times): string {
  return `median ${median} ms, 95 % ${p95} ms, longest ${longest} ms`;
}
