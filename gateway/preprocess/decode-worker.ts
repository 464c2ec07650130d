import { threadId, workerData } from 'node:worker_threads';
import type { Place } from '../../contracts/message.ts';
import { encodeCommand, type Envelope, type Outbound, type Outgoing } from '../../contracts/plugin.ts';
import { fenceModules } from '../lib/module-fence.ts';
import { shrinkWhenQuiet } from '../lib/shrink-when-quiet.ts';
import { removeWebGlobals } from '../lib/web-globals.ts';
import { decodeEnvelope, reasonOf } from './decode-envelope.ts';
import type { DecodeContext } from './decode-envelope.ts';
import { placesOf } from './enrich.ts';
import { describePlugin, loadPlugins } from './load-plugins.ts';
import { needsMetrics } from './needs-metrics.ts';
import { zoneOffsets } from '../lib/zone-time.ts';
import { packResults } from './packed-results.ts';
import { endedLogins, headWidth, placesOfDevices, unpackEnvelope } from './task.ts';
import type { Change, Claims, DecodeTask, EncodeTask, EnvelopeResult, Reply, Task, ThreadData } from './task.ts';
import { openRoom } from '../lib/text-room.ts';
import { textOf } from './text-measurement.ts';
import { threadKnowledge } from './thread-knowledge.ts';

const data = workerData as ThreadData;
fenceModules(data.plugins.flatMap(({ fence }) => fence ?? []));
removeWebGlobals();

/**
 * The one function of a decode thread, as soon as its plugins are loaded. It is promised and not awaited: a thread that is ended
 * while a module's top-level await settles ends the process with it (https://github.com/nodejs/node/issues/53238).
 */
export const runTask = loadPlugins(data.plugins).then((loading) => {
  const thread = openThread(loading);
  return (task: Task): Reply => run(thread, task);
});

type Loading = Awaited<ReturnType<typeof loadPlugins>>;
type Thread = ReturnType<typeof openThread>;

function openThread(loading: Loading) {
  const all = 'plugins' in loading ? loading.plugins : [];
  const plugins = all.map((one) => ('plugin' in one ? one : undefined));
  /** The places of devices and the logins that ended are known in the same way as lessons, in versions of their own. */
  const places = threadKnowledge(2);
  const knowledge = threadKnowledge(plugins.length, (user) => places.of(endedLogins).has(user));
  const context: DecodeContext = {
    placeOf: placesOf(data.site, places.of(placesOfDevices) as ReadonlyMap<string, Place>),
    offsetAt: zoneOffsets(data.site.timeZone),
  };
  return {
    failure: 'failure' in loading ? loading.failure : undefined,
    all,
    plugins,
    knowledge,
    places,
    context,
    progress: new Int32Array(data.progress),
    rooms: data.rooms.map(openRoom),
    isStateful: needsMetrics(data.steps),
    worked: shrinkWhenQuiet(),
    codecs: plugins.map((one, index) => ({ config: one?.config, knowledge: knowledge.of(index) })),
  };
}

/** Never throws on purpose: an error would cross without class and code. */
function run(thread: Thread, task: Task): Reply {
  const { failure, all, plugins, knowledge, places } = thread;
  if (failure !== undefined) return { is: 'failed', code: 'CONFIG_INVALID', detail: failure };
  const { briefing } = task;
  const isCurrent = knowledge.update(briefing) && (briefing.places === undefined || places.update(briefing.places));
  if (!isCurrent) return { is: 'stale', thread: threadId };
  if (task.is === 'decode') return decode(thread, task);
  if (task.is === 'encode') return encode(thread, task);
  const described = all.map(describePlugin);
  const everyone = new Set(plugins.keys());
  return { is: 'described', ...here(thread), plugins: described, claims: claimsOf(thread, everyone) };
}

function here({ knowledge, places }: Thread): { thread: number; version: number; places: number } {
  return { thread: threadId, version: knowledge.version, places: places.version };
}

function decode(thread: Thread, task: DecodeTask): Reply {
  const { worked, progress, knowledge, rooms } = thread;
  const count = task.heads.length / headWidth;
  worked(count);
  const results: EnvelopeResult[] = [];
  const learners = new Set<number>();
  for (let index = 0; index < count; index++) {
    Atomics.store(progress, task.slot, index);
    results.push(decodeOne(thread, task, index, learners));
  }
  const claims = claimsOf(thread, learners);
  if (learners.size > 0) knowledge.advance();
  const packed = packResults(results, task.useRoom ? rooms[task.slot] : undefined);
  return { is: 'decoded', ...here(thread), results: packed, taught: learners.size > 0, claims };
}

function decodeOne(thread: Thread, task: DecodeTask, index: number, learners: Set<number>): EnvelopeResult {
  const { plugins, codecs, context, isStateful } = thread;
  const { envelope, plugin: at, teaches, publishes } = unpackEnvelope(task, index);
  const plugin = plugins[at]?.plugin;
  const codec = codecs[at];
  if (plugin === undefined || codec === undefined) {
    const detail = 'no plugin speaks for this topic';
    return { measurements: [], refused: [{ code: 'no-plugin', detail }], changes: [] };
  }
  let changes: readonly Change[] = [];
  if (teaches) {
    try {
      changes = learnFrom(thread, at, envelope, publishes);
    } catch (error) {
      return { measurements: [], refused: [{ code: 'learn-failed', detail: reasonOf(error) }], changes };
    }
    if (changes.length > 0) learners.add(at);
  }
  const { measurements, refused } = decodeEnvelope(plugin, envelope, codec, context);
  if (changes.length + refused.length > 0) return { measurements, refused, changes };
  if (measurements.some(({ m }) => isStateful(m))) return measurements;
  return measurements.map((one) => textOf(one, envelope, plugin.proto));
}

function learnFrom(
  { plugins, codecs, knowledge }: Thread,
  at: number,
  envelope: Envelope,
  publishes: Envelope['publishes'],
): readonly Change[] {
  const codec = codecs[at];
  const lessons = codec === undefined ? undefined : plugins[at]?.plugin.learn?.(envelope, codec);
  return knowledge.learn(at, lessons ?? [], envelope.user, publishes);
}

function claimsOf({ plugins, knowledge }: Thread, learners: Iterable<number>): Claims {
  const claims: [number, readonly string[]][] = [];
  for (const at of learners) {
    try {
      const topics = plugins[at]?.plugin.claims?.(knowledge.of(at));
      if (topics !== undefined) claims.push([at, topics.map(String)]);
    } catch {
      // A plugin that cannot say what it claims claims nothing new; its filters still route to it.
    }
  }
  return claims;
}

function encode(thread: Thread, { plugin: at, command, request }: EncodeTask): Reply {
  const { plugins, codecs } = thread;
  const invalid = (detail: string): Reply => ({ is: 'failed', code: 'COMMAND_INVALID', detail });
  const codec = codecs[at];
  const wanted = Object.hasOwn(plugins[at]?.plugin.commands ?? {}, command)
    ? plugins[at]?.plugin.commands?.[command]
    : undefined;
  if (codec === undefined || wanted === undefined) return invalid(`The plugin has no command ${command}.`);
  const args = wanted.args.safeParse(request.args);
  if (!args.success) return invalid(`The arguments of ${command} are wrong: ${args.error.issues[0]?.message ?? ''}.`);
  try {
    const { outbound, ...rest } = encodeCommand(wanted, { device: request.device, args: args.data }, codec);
    return { is: 'encoded', ...here(thread), outbound: outbound.map((one) => withTeacher(thread, at, one)), ...rest };
  } catch (error) {
    return invalid(`The command ${command} cannot be sent to ${request.device}: ${reasonOf(error)}`);
  }
}

function withTeacher({ knowledge }: Thread, plugin: number, one: Outbound): Outgoing {
  return one.learnt === undefined ? one : { ...one, taughtBy: knowledge.ownerOf(plugin, one.learnt) ?? '' };
}
