import { counted } from '../lib/counted.ts';
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
    `${plugin}: ${running ?? 'nothing yet'} → ${candidate}, ${counted(messages, 'message')} (${traffic})`,
    different === 0
      ? 'No difference.'
      : `${different} of ${counted(messages, 'message')} ${different === 1 ? 'comes' : 'come'} out differently:`,
    ...groups.flatMap(groupLines),
    `Errors: ${errors.running} → ${errors.candidate}. Time per message: ${shownTimes(times.running)} → ${shownTimes(times.candidate)}.`,
  ];
  return lines.map((line) => line.replaceAll(unsafe, ''));
}

function groupLines({ what, metric, messages, devices, examples }: DifferenceGroup): readonly string[] {
  const where = devices === 0 ? '' : `, ${counted(devices, 'device')}`;
  const name = metric === '' ? '' : ` ${metric}`;
  return [
    `  ${what.replace('-', ' ')}${name}: ${counted(messages, 'message')}${where}`,
    ...examples.map(({ topic, device, before, after }) => {
      const subject = device === '' ? topic : `${topic} ${device}`;
      return `      ${subject}: ${before === '' ? '–' : before} → ${after === '' ? '–' : after}`;
    }),
  ];
}

function shownTimes({ median, p95, longest }: Times): string {
  return `median ${median} ms, 95 % ${p95} ms, longest ${longest} ms`;
}
