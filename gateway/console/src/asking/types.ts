import type { Alarm } from '../../../../contracts/alarms.ts';
import type { DeadLetterFacts } from '../../../../contracts/dead-letters.ts';
import type { WaitingDevice } from '../../../../contracts/device-window.ts';
import type { LifeCycle, PlaceKind, Refusal } from '../../../../contracts/registry.ts';

/** Answers of the API as the page reads them; `/openapi.json` has every field. */
export interface LedgerLine {
  readonly sink: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly buffered: number;
  readonly filtered: number;
  readonly expired: number;
  readonly evicted: number;
  readonly deadLettered: number;
  readonly predates: number;
  readonly balanced: boolean;
}

export interface AlarmList {
  readonly alarms: readonly Alarm[];
}

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly lifeCycle: LifeCycle;
  readonly profile?: string;
  readonly place?: string;
  readonly path?: string;
  readonly tags: readonly string[];
  readonly version: number;
  readonly cloudId?: string;
  readonly refusal?: Refusal;
  readonly user?: string;
  readonly replaces?: string;
  readonly replacedBy?: string;
}
export interface DeviceList {
  readonly total: number;
  readonly next: string | null;
  readonly devices: readonly Device[];
}

/** What every device reported last, of a house of hundreds. */
export const twinsPath = '/api/v1/twins?limit=1000';
export interface TwinList {
  readonly twins: readonly {
    readonly device: string;
    /** When it last said anything. */
    readonly at: number;
    readonly state: Readonly<Record<string, { readonly value: boolean | number | string; readonly at: number }>>;
  }[];
}

export interface Place {
  readonly id: string;
  readonly kind: PlaceKind;
  readonly name: string;
  readonly parent?: string;
  readonly path: string;
  readonly version: number;
}
export interface PlaceList {
  readonly places: readonly Place[];
}

export interface Sink {
  readonly sink: string;
  readonly state: string;
  readonly outage: boolean;
  readonly reason?: string;
  readonly failures: number;
  readonly inFlight: number;
}
export interface SinkList {
  readonly sinks: readonly Sink[];
  /** How long the uplink is still cut for a test. */
  readonly cutForMs: number;
}

export interface Violation {
  readonly code: string;
  /** What was expected and found. */
  readonly sentence: string;
  /** What to do. */
  readonly remedy: string;
  /** Path in the contract. */
  readonly path?: string;
  readonly contractLine?: number;
  readonly file?: string;
  readonly line?: number;
  readonly confidence?: 'proven' | 'heuristic';
}
/** What the check of a bundle says, and what the comparison with the version that runs showed. */
export interface BundleVerdict {
  readonly plugin: string;
  readonly version: string;
  readonly decision: 'ADMIT' | 'DENY';
  readonly violations: readonly Violation[];
  readonly before: string | null;
  readonly traffic: string;
  readonly messages: number;
  readonly different: number;
  readonly groups: readonly {
    readonly what: string;
    readonly metric: string;
    readonly messages: number;
    readonly devices: number;
    readonly examples: readonly {
      readonly topic: string;
      readonly device: string;
      readonly before: string;
      readonly after: string;
    }[];
  }[];
}
/** A plugin that was installed on this site; `back` is where a rollback leads. */
export interface PluginVersion {
  readonly name: string;
  readonly active: string;
  readonly back: string | null;
}

export interface Outage {
  readonly sink: string;
  readonly fromMs: number;
  /** Null while it lasts. */
  readonly toMs: number | null;
  readonly durationMs: number;
  readonly captured: number;
  readonly delivered: number;
  readonly gone: number;
}
export interface Ledger {
  readonly balanced: boolean;
  readonly sinks: readonly LedgerLine[];
  readonly devices: readonly (LedgerLine & { readonly device: string })[];
  readonly reasons: readonly {
    readonly sink: string;
    readonly what: string;
    readonly reason: string;
    readonly n: number;
  }[];
  readonly outages: readonly Outage[];
}

export interface DeadLetter extends DeadLetterFacts {
  readonly sample: string;
  readonly sampleEncoding: 'utf-8' | 'base64';
}

/** The time in which unknown devices may ask to be let in. */
export interface DeviceWindow {
  readonly open: boolean;
  readonly closesInMs: number | null;
  readonly waiting: readonly WaitingDevice[];
}

export interface PluginCommand {
  readonly name: string;
  readonly idempotent: boolean;
  readonly args?: unknown;
}
interface Judged {
  readonly name: string;
  readonly version?: string;
  readonly decision: 'ADMIT' | 'DENY';
  readonly tree?: string;
  readonly violations: readonly Violation[];
  readonly grants: readonly { readonly path: string; readonly grant: string; readonly enforcedBy: string }[];
  readonly origin: string;
}
export interface Plugin extends Judged {
  readonly proto?: string;
  readonly topics?: readonly string[];
  readonly commands?: readonly PluginCommand[];
  readonly runs: 'in the decode threads' | 'in a process of its own' | 'nowhere';
  readonly state?: string;
  readonly insteadOf?: readonly Judged[];
}
export interface PluginList {
  readonly plugins: readonly Plugin[];
}

export interface SystemState {
  readonly name: string;
  readonly version: string;
  readonly supportedUntil: string | null;
  readonly node: string;
  readonly arch: string;
  readonly nowMs: number;
  readonly upMs: number;
  readonly isClockSynchronised: boolean | null;
  readonly mqtt: { readonly port: number | null; readonly tlsPort: number | null; readonly network: boolean };
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number; readonly processBytes: number };
  readonly disk: { readonly totalBytes: number; readonly freeBytes: number };
  readonly buffer: {
    readonly fileBytes: number;
    readonly usedBytes: number;
    readonly maxBytes: number;
    readonly oldestMs: number | null;
    readonly committedBytes: number;
  };
  readonly writtenBytes: number | null;
  readonly celsius: number | null;
}
