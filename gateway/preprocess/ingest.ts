import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import type { CommandRequest, Outbound } from '../../contracts/plugin.ts';
import { batchRunner } from './batch-runner.ts';
import type { BatchRunner } from './batch-runner.ts';
import { openCommitter } from './committer.ts';
import { openDecodePool } from './decode-pool.ts';
import type { DecodePool } from './decode-pool.ts';
import { openDispatcher } from './dispatcher.ts';
import type { DecodedBatch } from './dispatcher.ts';
import { openIntake } from './intake.ts';
import { changesOfRows, knowledgeBook } from './knowledge.ts';
import type { KnowledgeBook } from './knowledge.ts';
import type { IngestDeps, IngestOptions } from './options.ts';
import { orderedSteps } from './ordered-steps.ts';
import type { SavedState } from './ordered-steps.ts';
import { recovery } from './recovery.ts';
import { openResequencer } from './resequencer.ts';
import { openRouter } from './router.ts';
import type { Claims, PluginDescriptor } from './task.ts';

export interface IngestStats {
  /** Envelopes that wait for a thread. */
  readonly queued: number;
  /** Bytes between arrival and commit. */
  readonly queuedBytes: number;
  /** Batches in the threads. */
  readonly batches: number;
  /** Threads replaced since the start, after a crash or a deadline. */
  readonly threadsReplaced: number;
  readonly knowledgeVersion: number;
}

/** The stage between transports and buffer. Close the transports before it: closing lets what it took in commit. */
export interface IngestStage extends AsyncDisposable {
  readonly ingest: Ingest;
  plugins(): readonly PluginDescriptor[];
  /** A command in the device's own words. Rejects with COMMAND_INVALID for a wrong name or wrong arguments. */
  encode(plugin: string, command: string, request: CommandRequest): Promise<readonly Outbound[]>;
  stats(): IngestStats;
}

const closeWithinMs = 10_000;

/**
 * Starts the threads, loads the plugins in them and what the store knows about knowledge, counters and windows.
 * Rejects with CONFIG_INVALID, in a sentence, for a plugin that does not load or does not like its configuration.
 */
export async function openIngest(options: IngestOptions, deps: IngestDeps): Promise<IngestStage> {
  await using opening = new AsyncDisposableStack();
  const { store, clock, log } = deps;
  const names = options.plugins.map(({ name }) => name);
  const slots = options.threads + 1;
  const progress = new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT);
  const pool = opening.use(startPool(options, progress, deps));
  const knowledge = knowledgeBook(names, options.knowledgeBytes);
  knowledge.learn(changesOfRows(names, await store.read('ingest.knowledge', [])));
  let onClaims: (claims: Claims) => void = () => undefined;
  const runner = batchRunner({
    pool,
    knowledge,
    progress: new Int32Array(progress),
    onClaims: (claims) => onClaims(claims),
    log,
  });
  const described = await describe(runner, knowledge);
  const plugins = described.plugins.map((plugin, index) => ({ ...plugin, name: names[index] ?? plugin.name }));
  const router = openRouter(plugins, options.fallback);
  router.claim(described.claims);
  onClaims = (claims) => router.claim(claims);

  const steps = orderedSteps(options.steps, clock);
  steps.load(await savedState(deps));
  const intake = openIntake(options.maxQueuedBytes, (waiting) => dispatcher.offer(waiting));
  const resequencer = openResequencer<DecodedBatch>((batch) => committer.commit(batch));
  const committer = openCommitter({
    append: deps.append,
    steps,
    knowledge,
    plugins,
    log,
    onLostState: () => restoring.begin(),
    onSettled: (waiting) => intake.settled(waiting),
  });
  const restoring = recovery(async () => {
    resequencer.hold();
    await committer.quiet();
    steps.load(await savedState(deps));
    resequencer.resume();
  }, log);
  const dispatcher = openDispatcher({ router, runner, knowledge, resequencer, batch: options.batch, slots });
  const windows = closeWindowsRegularly(options, () => {
    if (!restoring.running) committer.closeWindows();
  });
  const open = opening.move();

  return {
    ingest: (envelope, alongside) => intake.ingest(envelope, alongside),
    plugins: () => plugins,
    encode: (plugin, command, request) => encode(runner, knowledge, [names.indexOf(plugin), plugin, command], request),
    stats: () => ({
      queued: dispatcher.queued,
      queuedBytes: intake.bytes,
      batches: dispatcher.inFlight,
      threadsReplaced: pool.replaced,
      knowledgeVersion: knowledge.version,
    }),
    async [Symbol.asyncDispose]() {
      if (intake.closed) return open.disposeAsync();
      intake.close();
      clearInterval(windows);
      const until = clock.monoMs() + closeWithinMs;
      while (intake.bytes > 0 && clock.monoMs() < until) await sleep(5);
      await open.disposeAsync();
      const lessons = knowledge.takeUnsaved().map((change) => knowledge.writeOf(change));
      const unsaved = [...steps.unsaved(), ...lessons];
      if (unsaved.length > 0) await store.write(unsaved);
    },
  };
}

function startPool(options: IngestOptions, progress: SharedArrayBuffer, { log }: IngestDeps): DecodePool {
  const plugins = options.plugins.map(({ name, entry, config }) => ({
    name,
    config,
    entry: entry instanceof URL ? fileURLToPath(entry) : entry,
  }));
  const { threads, threadHeapMb: heapMb, envelopeDeadlineMs: deadlineMs } = options;
  return openDecodePool(
    { threads, heapMb, deadlineMs, data: { plugins, site: options.site, steps: options.steps, progress } },
    log,
  );
}

async function describe(
  runner: BatchRunner,
  knowledge: KnowledgeBook,
): Promise<{ plugins: readonly PluginDescriptor[]; claims: Claims }> {
  const reply = await runner.ask((everything) => ({
    task: { is: 'describe', briefing: knowledge.briefing(everything) },
    position: () => -1,
  }));
  if (reply.is === 'described') return reply;
  if (reply.is === 'failed') throw new PortcullisError(reply.code, reply.detail);
  const detail = 'detail' in reply ? reply.detail : reply.is;
  throw new PortcullisError('CONFIG_INVALID', `The plugins do not load: ${detail}`);
}

async function encode(
  runner: BatchRunner,
  knowledge: KnowledgeBook,
  [plugin, name, command]: readonly [number, string, string],
  { device, args }: CommandRequest,
): Promise<readonly Outbound[]> {
  if (plugin < 0) throw new PortcullisError('COMMAND_INVALID', `There is no plugin ${name}.`);
  const reply = await runner.ask((everything) => ({
    task: { is: 'encode', briefing: knowledge.briefing(everything), plugin, command, request: { device, args } },
    position: () => 0,
  }));
  if (reply.is === 'encoded') return reply.outbound;
  if (reply.is === 'failed') throw new PortcullisError(reply.code, reply.detail);
  throw new PortcullisError('INTERNAL', `The command ${command} could not be encoded: its thread ${reply.is}.`);
}

async function savedState({ store }: IngestDeps): Promise<SavedState> {
  const [series, windows] = await Promise.all([store.read('ingest.series', []), store.read('ingest.windows', [])]);
  return { series, windows };
}

function closeWindowsRegularly({ steps }: IngestOptions, close: () => void): NodeJS.Timeout | undefined {
  const shortest = Math.min(...Object.values(steps.rollup).map(({ windowMs }) => windowMs));
  if (shortest === Infinity) return undefined;
  return setInterval(close, Math.min(60_000, Math.max(1_000, shortest / 10))).unref();
}
