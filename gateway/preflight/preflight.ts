import type { Envelope } from '../../contracts/plugin.ts';
import { compareDecoded } from './compare-readings.ts';
import type { Decoded, Difference, DifferenceKind } from './compare-readings.ts';

/** One version of a plugin, somewhere safe. Never rejects: whatever the plugin does is a value. */
export interface Decoder {
  decode(envelope: Envelope): Promise<{ readonly decoded: Decoded; readonly ms: number }>;
}

/** Equal differences of many messages, with a few of them to look at. */
export interface DifferenceGroup {
  readonly what: DifferenceKind;
  /** Empty for devices and errors. */
  readonly metric: string;
  readonly messages: number;
  readonly devices: number;
  readonly examples: readonly (Omit<Difference, 'what' | 'metric'> & { readonly topic: string })[];
}

/** Milliseconds per message, the way to the plugin's process and back included. */
export interface Times {
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
}

export interface PreflightReport {
  readonly messages: number;
  readonly different: number;
  readonly groups: readonly DifferenceGroup[];
  readonly errors: { readonly running: number; readonly candidate: number };
  readonly times: { readonly running: Times; readonly candidate: Times };
}

const maxExamples = 3;

/** Gives every message to both versions, one after the other, in the order of arrival, and compares what they say. */
export async function preflight(
  envelopes: readonly Envelope[],
  versions: { readonly running: Decoder; readonly candidate: Decoder },
): Promise<PreflightReport> {
  const groups = openGroups();
  const spent: { running: number[]; candidate: number[] } = { running: [], candidate: [] };
  const errors = { running: 0, candidate: 0 };
  let different = 0;
  for (const envelope of envelopes) {
    const running = await versions.running.decode(envelope);
    const candidate = await versions.candidate.decode(envelope);
    spent.running.push(running.ms);
    spent.candidate.push(candidate.ms);
    if ('error' in running.decoded) errors.running += 1;
    if ('error' in candidate.decoded) errors.candidate += 1;
    const differences = compareDecoded(running.decoded, candidate.decoded);
    if (differences.length > 0) different += 1;
    groups.add(envelope.topic, differences);
  }
  return {
    messages: envelopes.length,
    different,
    groups: groups.all(),
    errors,
    times: { running: timesOf(spent.running), candidate: timesOf(spent.candidate) },
  };
}

interface Group {
  readonly what: DifferenceKind;
  readonly metric: string;
  readonly devices: Set<string>;
  messages: number;
  readonly examples: DifferenceGroup['examples'][number][];
}

function openGroups(): {
  add(topic: string, differences: readonly Difference[]): void;
  all(): readonly DifferenceGroup[];
} {
  const groups = new Map<string, Group>();
  return {
    add(topic, differences) {
      const touched = new Set<Group>();
      for (const { what, metric, device, before, after } of differences) {
        const key = `${what} ${metric}`;
        const group = groups.get(key) ?? { what, metric, devices: new Set(), messages: 0, examples: [] };
        groups.set(key, group);
        if (device !== '') group.devices.add(device);
        if (group.examples.length < maxExamples) group.examples.push({ topic, device, before, after });
        touched.add(group);
      }
      for (const group of touched) group.messages += 1;
    },
    all: () =>
      [...groups.values()]
        .sort((a, b) => b.messages - a.messages)
        .map(({ what, metric, messages, devices, examples }) => ({
          what,
          metric,
          messages,
          devices: devices.size,
          examples,
        })),
  };
}

function timesOf(spent: readonly number[]): Times {
  const sorted = spent.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return Math.round(ms * 100) / 100;
  };
  return { median: at(0.5), p95: at(0.95), longest: at(1) };
}
