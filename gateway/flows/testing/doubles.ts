import type { NewAlarm } from '../../../contracts/alarms.ts';
import type { LiveSubscriber } from '../../../contracts/live.ts';
import type { HistoryPoint } from '../../../contracts/history.ts';
import type { Measurement } from '../../../contracts/message.ts';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { FlowStore } from '../flow-store.ts';
import type { FlowPorts } from '../ports.ts';
import type { Measure } from './flow-case.ts';

/** What a flow did, in order. */
export interface Done {
  readonly commands: readonly { readonly device: string; readonly name: string; readonly args: object }[];
  readonly alarms: readonly {
    readonly code: string;
    readonly subject: string;
    readonly op: 'raise' | 'clear';
    readonly severity?: string;
  }[];
}

interface Measured {
  readonly at: number;
  readonly measure: Measure;
}

/** In place of the gateway's stages: says what a case says, and writes down what a flow does. Every command is done at once. */
export function openDoubles(startMs: number) {
  const subscribers = new Set<LiveSubscriber>();
  const measured: Measured[] = [];
  let commands: Done['commands'][number][] = [];
  let alarms: Done['alarms'][number][] = [];
  let flows = '[]';
  let nowMs = startMs;

  const ports: FlowPorts = {
    commands: {
      submit: async ({ id, device, name, args }) => {
        commands.push({ device, name, args });
        return { id, device, name, source: 'flows', state: 'acked' };
      },
      status: async () => undefined,
    },
    live: {
      subscribe(subscriber) {
        subscribers.add(subscriber);
        return { [Symbol.dispose]: () => void subscribers.delete(subscriber) };
      },
    },
    twins: {
      show: (device) => ({
        device,
        version: 0,
        desired: {},
        reported: { version: 0, state: stateOf(device, measured) },
        delta: {},
      }),
      edit: async ({ id, desired }) => {
        commands.push({ device: id, name: 'twin', args: desired });
        return ports.twins.show(id);
      },
    },
    alarms: {
      raise: async (alarm) => {
        alarms.push({ code: alarm.code, subject: alarm.subject, op: 'raise', severity: alarm.severity });
        return shownAs(alarm, nowMs);
      },
      clear: async ({ code, subject }) => void alarms.push({ code, subject, op: 'clear' }),
    },
    history: historyOf(measured),
  };
  return {
    ports,
    files: storeOf(() => flows),
    setFlows: (text: string): void => {
      flows = text;
    },
    nowMs: () => nowMs,
    begin(atMs: number): void {
      nowMs = atMs;
      measured.length = 0;
      commands = [];
      alarms = [];
    },
    pass: (ms: number): void => {
      nowMs += ms;
    },
    measure(measure: Measure): void {
      measured.push({ at: nowMs, measure });
      const measurement = measurementOf(measure, nowMs);
      const { kind, cls } = measurement;
      const record = { device: measure.device, kind, cls, text: JSON.stringify(measurement) };
      for (const subscriber of subscribers) if (subscriber.wants(record)) subscriber.take(measurement);
    },
    /** What was done since the last time. */
    taken(): Done {
      const done = { commands, alarms };
      commands = [];
      alarms = [];
      return done;
    },
  };
}

function historyOf(measured: readonly Measured[]): FlowPorts['history'] {
  return {
    query: async ({ device, metric, from, to, limit }) => {
      const points = measured
        .filter(({ at, measure }) => measure.device === device && measure.metric === metric && at >= from && at <= to)
        .slice(-limit)
        .map(({ at, measure }): HistoryPoint => ({ at, count: 1, last: measure.value }));
      return { device, metric, resolutionMs: 0, points };
    },
  };
}

function stateOf(device: string, measured: readonly Measured[]) {
  return Object.fromEntries(
    measured
      .filter(({ measure }) => measure.device === device)
      .map(({ at, measure: { metric, value } }, n) => [metric, { value, version: n + 1, at }]),
  );
}

function measurementOf({ device, metric, value, room, class: cls }: Measure, at: number): Measurement {
  const shown = typeof value === 'number' ? { v: value } : typeof value === 'boolean' ? { vb: value } : { vs: value };
  return {
    kind: cls === 'alarm' ? 'alarm' : cls === 'event' ? 'event' : cls === 'telemetry' ? 'telemetry' : 'state',
    cls,
    dev: { id: device },
    ts: at,
    rts: at,
    clk: 'gateway',
    src: { proto: 'test', topic: 'test' },
    m: [{ n: metric, ...shown }],
    ...(room !== undefined && { place: { room } }),
  };
}

function shownAs({ code, subject, severity, detail, by }: NewAlarm, at: number) {
  const times = { since: at, changed: at };
  return {
    id: code,
    n: 1,
    code,
    subject,
    severity,
    state: 'raised' as const,
    detail,
    ...times,
    count: 1,
    latched: false,
    by,
  };
}

/** Nothing of a test is kept. */
function storeOf(flows: () => string): FlowStore {
  const nothing = async (): Promise<void> => undefined;
  return {
    read: async () => ({ flows: flows(), credentials: '{}', skipped: [] }),
    write: nothing,
    generations: async () => [],
    restore: async () => {
      throw new PortcullisError('NOT_FOUND', 'A test keeps no generations.');
    },
    document: async () => null,
    putDocument: nothing,
    library: async () => [],
    putLibrary: nothing,
    contexts: async () => [],
    putContext: nothing,
    dropContexts: nothing,
    quarantine: nothing,
  };
}
