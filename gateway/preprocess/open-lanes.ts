import { fileURLToPath } from 'node:url';
import type { PluginCell } from '../../contracts/cell.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Place } from '../../contracts/message.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import { cellPool } from './cell-pool.ts';
import { openDecodePool } from './decode-pool.ts';
import type { DecodePool } from './decode-pool.ts';
import { placesOf } from './enrich.ts';
import { changesOfRows, knowledgeBook } from './knowledge.ts';
import type { KnowledgeBook } from './knowledge.ts';
import { openLane } from './lane.ts';
import type { Lane, LaneParts } from './lane.ts';
import { withPlaces, type Located } from './located.ts';
import type { IngestDeps, IngestOptions } from './options.ts';
import { openRouter } from './router.ts';
import type { Router } from './router.ts';
import { openRoom } from '../lib/text-room.ts';
import { zoneOffsets } from '../lib/zone-time.ts';
import { nobody } from './task.ts';
import type { Claims, PluginDescriptor, ThreadData } from './task.ts';

/** A plugin that stands still must not fill the room of all the others. */
const cellQueueBytes = 2 * 1024 * 1024;
/** Several times what a batch of ordinary messages becomes; memory that no text has touched costs nothing. */
const roomBytes = 512 * 1024;

/** All ways from arrival to commit, and which plugin goes which way. Plugins of the threads come first. */
export interface Lanes extends AsyncDisposable {
  readonly all: readonly Lane[];
  readonly plugins: readonly PluginDescriptor[];
  /** Tells every lane where devices stand, for the messages that come. */
  locate(located: readonly Located[]): void;
  /** What belongs to a login that is none any more belongs to nobody. */
  believe(isLogin: (user: string) => boolean): void;
  laneFor(envelope: Envelope): Lane;
  laneOf(plugin: number): Lane;
}

type Committing = Omit<LaneParts['committing'], 'plugins'>;

/** Rejects with CONFIG_INVALID for a wrong configuration of a plugin of the threads; a cell has shown before that it starts. */
export async function openLanes(options: IngestOptions, committing: Committing, deps: IngestDeps): Promise<Lanes> {
  await using opening = new AsyncDisposableStack();
  const { cells = [] } = options;
  const inThreads = options.plugins.length;
  const names = [...options.plugins, ...cells].map(({ name }) => name);
  const known = changesOfRows(names, await deps.store.read('ingest.knowledge', []));
  const knowledgeOf = (isIts: (plugin: number) => boolean): KnowledgeBook => {
    const book = knowledgeBook(names, options.knowledgeBytes);
    book.learn(known.filter(({ plugin }) => isIts(plugin)));
    return book;
  };
  // The lanes are there before the descriptions that fill this list and make the routers.
  const plugins: PluginDescriptor[] = [];
  let router: Router = openRouter([]);
  let threadRouter: Router = router;
  const shared = { batch: options.batch, committing: { ...committing, plugins } };

  const placed = withPlaces(knowledgeOf((plugin) => plugin < inThreads));
  const inCells = new Map<string, Place>();
  const slots = options.threads + 1;
  const progress = new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT);
  const rooms = Array.from({ length: slots }, () => new SharedArrayBuffer(roomBytes));
  const threads = openLane({
    ...shared,
    slots,
    pool: opening.use(startPool(options, { progress, rooms }, deps)),
    knowledge: placed,
    progress: new Int32Array(progress),
    rooms: rooms.map(openRoom),
    maxQueuedBytes: options.maxQueuedBytes,
    router: () => threadRouter,
    onClaims: (claims) => {
      threadRouter.claim(claims);
      router.claim(claims);
    },
  });
  const context = { placeOf: placesOf(options.site, inCells), offsetAt: zoneOffsets(options.site.timeZone) };
  const cellLane = (cell: PluginCell, index: number): Lane => {
    const marks = new Int32Array(1);
    return openLane({
      ...shared,
      slots: 1,
      pool: cellPool(cell, { index, progress: marks, context }),
      knowledge: knowledgeOf((plugin) => plugin === index),
      progress: marks,
      rooms: [],
      maxQueuedBytes: Math.min(options.maxQueuedBytes, cellQueueBytes),
      router: () => routerOfOne(cell, index),
      onClaims: (claims) => router.claim(claims),
    });
  };
  const cellLanes = cells.map((cell, at) => cellLane(cell, inThreads + at));
  const laneOf = (plugin: number): Lane => cellLanes[plugin - inThreads] ?? threads;

  const claims = await describeAll({ threads, cellLanes, cells, names, plugins });
  threadRouter = openRouter(plugins.slice(0, inThreads), options.fallback);
  threadRouter.claim(claims.filter(([plugin]) => plugin < inThreads));
  router = openRouter(plugins, options.fallback);
  router.claim(claims);
  const open = opening.move();
  return {
    all: [threads, ...cellLanes],
    plugins,
    locate(moved) {
      const { name: site } = options.site;
      const located = moved.map(({ device, place }) => ({ device, place: place && { site, ...place } }));
      placed.locate(located);
      if (cells.length === 0) return;
      for (const { device, place } of located) {
        if (place === undefined) inCells.delete(device);
        else inCells.set(device, place);
      }
    },
    believe: (isLogin) => placed.believe(isLogin),
    laneFor: (envelope) => (cells.length === 0 ? threads : laneOf(router.route(envelope)?.plugin ?? nobody)),
    laneOf,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

interface Describing {
  readonly threads: Lane;
  readonly cellLanes: readonly Lane[];
  readonly cells: readonly PluginCell[];
  readonly names: readonly string[];
  /** Filled here. */
  readonly plugins: PluginDescriptor[];
}

async function describeAll({ threads, cellLanes, cells, names, plugins }: Describing): Promise<Claims> {
  const described = await describe(threads);
  for (const [index, plugin] of described.plugins.entries()) {
    plugins.push({ ...plugin, name: names[index] ?? plugin.name });
  }
  const claims = [...described.claims];
  for (const [at, cell] of cells.entries()) {
    plugins.push({ name: cell.name, ...cell.described });
    claims.push(...(await claimsOf(cellLanes[at])));
  }
  return claims;
}

function startPool(
  options: IngestOptions,
  memory: Pick<ThreadData, 'progress' | 'rooms'>,
  { log }: IngestDeps,
): DecodePool {
  const plugins = options.plugins.map(({ name, entry, fence, expected, config }) => ({
    name,
    config,
    fence,
    expected,
    entry: entry instanceof URL ? fileURLToPath(entry) : entry,
  }));
  const { threads, threadHeapMb: heapMb, envelopeDeadlineMs: deadlineMs, site, steps } = options;
  return openDecodePool({ threads, heapMb, deadlineMs, data: { plugins, site, steps, ...memory } }, log);
}

/** Everything that reaches a cell's lane is for its plugin; its own filters say whether it teaches. */
function routerOfOne({ name, described }: PluginCell, plugin: number): Router {
  const own = openRouter([{ name, ...described }], name);
  return {
    route: (envelope) => ({ plugin, teaches: own.route(envelope)?.teaches === true }),
    claim: () => undefined,
  };
}

async function describe({ runner, knowledge }: Lane): Promise<Description> {
  const reply = await runner.ask((everything) => ({
    task: { is: 'describe', briefing: knowledge.briefing(everything) },
    position: () => -1,
  }));
  if (reply.is === 'described') return reply;
  if (reply.is === 'failed') throw new PortcullisError(reply.code, reply.detail);
  const detail = 'detail' in reply ? reply.detail : reply.is;
  throw new PortcullisError('CONFIG_INVALID', `The plugins do not load: ${detail}`);
}

interface Description {
  readonly plugins: readonly PluginDescriptor[];
  readonly claims: Claims;
}

/** What a cell claims by what it already knew; one that cannot say claims nothing, and its filters still route to it. */
async function claimsOf(lane: Lane | undefined): Promise<Claims> {
  const reply = await lane?.runner.ask((everything) => ({
    task: { is: 'describe', briefing: lane.knowledge.briefing(everything) },
    position: () => -1,
  }));
  return reply?.is === 'described' ? reply.claims : [];
}
