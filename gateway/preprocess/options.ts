import type { Append } from '../../contracts/pipeline.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { PluginCell } from '../../contracts/cell.ts';
import type { CheckedShape } from '../lib/live-shape.ts';
import type { ModuleFence } from '../lib/module-fence.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from 'pino';

/** One admitted plugin: the module whose default export it is, and its configuration as the operator wrote it. */
export interface PluginSource {
  readonly name: string;
  readonly entry: string | URL;
  /** What its modules may import; without it everything. */
  readonly fence?: ModuleFence | undefined;
  /** What its live module is held to before its first message; without it any module will do. */
  readonly expected?: CheckedShape | undefined;
  readonly config: unknown;
}

/** Where the gateway stands. `rooms` maps a device id to the name of its room. */
export interface Site {
  readonly name?: string | undefined;
  /** IANA zone, for sources that send wall time without a zone. */
  readonly timeZone: string;
  readonly rooms: Readonly<Record<string, string>>;
}

/**
 * Report by exception: a value is left out while it differs from the last kept one by no more than `absolute` (in the
 * canonical unit) or `relative` (a share of the last kept value), and the last kept one is younger than `maxSilenceMs`.
 * Booleans and texts are left out while they are equal.
 */
export interface DeadbandRule {
  readonly absolute?: number | undefined;
  readonly relative?: number | undefined;
  readonly maxSilenceMs: number;
}

/** Windows of one metric, aligned to wall time. Without `keepRaw` only the roll-up is stored. */
export interface RollupRule {
  readonly windowMs: number;
  readonly keepRaw?: boolean | undefined;
}

/** What the stateful steps do. The records are keyed by metric name; no entry means: leave the metric alone. */
export interface StepOptions {
  /** The same value of the same metric within this time is one value; 0 switches it off. */
  readonly dedupeMs: number;
  readonly deadband: Readonly<Record<string, DeadbandRule>>;
  readonly rollup: Readonly<Record<string, RollupRule>>;
  /** How often a running counter's last value is saved beside its messages; 0 saves it with each of them. */
  readonly counterSaveMs: number;
  /** Devices whose state is held; beyond it the least recently heard are forgotten. */
  readonly maxDevices: number;
}

export interface IngestOptions {
  /** Plugins that run in the decode threads. */
  readonly plugins: readonly PluginSource[];
  /** Plugins in processes of their own. They belong to the caller: close them after the stage. */
  readonly cells?: readonly PluginCell[] | undefined;
  readonly threads: number;
  readonly site: Site;
  readonly steps: StepOptions;
  /** The plugin that gets topics nobody claims; without it they become dead letters. */
  readonly fallback?: string | undefined;
  /** Bytes of envelopes between arrival and commit; beyond it `ingest` rejects with OVERLOADED. */
  readonly maxQueuedBytes: number;
  readonly batch: { readonly envelopes: number; readonly bytes: number };
  /** A thread that works on one envelope for longer is replaced; noticed after at most twice this time. */
  readonly envelopeDeadlineMs: number;
  /** Bytes of what one plugin may remember; beyond it the oldest lessons are forgotten. */
  readonly knowledgeBytes: number;
  /** V8 heap of one decode thread. */
  readonly threadHeapMb: number;
}

export const defaultSteps: StepOptions = {
  dedupeMs: 0,
  deadband: {},
  rollup: {},
  counterSaveMs: 60_000,
  maxDevices: 10_000,
};

/** Everything but plugins and site, sized for a small machine. */
export const ingestDefaults = {
  threads: 1,
  steps: defaultSteps,
  maxQueuedBytes: 16 * 1024 * 1024,
  batch: { envelopes: 256, bytes: 512 * 1024 },
  envelopeDeadlineMs: 2_500,
  knowledgeBytes: 8 * 1024 * 1024,
  threadHeapMb: 128,
} as const satisfies Partial<IngestOptions>;

export interface IngestDeps {
  readonly append: Append;
  readonly store: TableStore;
  readonly log: Logger;
  readonly clock: Clock;
}
