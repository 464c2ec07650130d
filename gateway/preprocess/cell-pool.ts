import { setImmediate as othersHadTheirTurn } from 'node:timers/promises';
import type { EncodedCommand } from '../../contracts/command-proof.ts';
import type { CellLesson, CellRefusal, PluginCell } from '../../contracts/cell.ts';
import type { Outgoing, Plugin } from '../../contracts/plugin.ts';
import { decodeEnvelope } from './decode-envelope.ts';
import type { DecodeContext } from './decode-envelope.ts';
import type { DecodePool, Failure } from './decode-pool.ts';
import { packResults } from './packed-results.ts';
import { headWidth, unpackEnvelope } from './task.ts';
import type { Briefing, Change, Claims, DecodeTask, EncodeTask, EnvelopeResult, Reply, Task } from './task.ts';

/** Where a cell's plugin stands among all plugins, and what the gateway's own steps need. */
export interface CellPoolParts {
  readonly index: number;
  readonly context: DecodeContext;
  /** One place per slot: the envelope in work. Only this side writes it, so that a cell cannot accuse another message. */
  readonly progress: Int32Array;
}

/**
 * A cell in the place of the decode threads: the same tasks, the same replies. The plugin's part runs in the cell; what
 * comes back is data that has passed the cell's border, and validation, conversion and enrichment happen here, where no
 * plugin reaches. A quarantined cell answers every envelope with a refusal.
 */
export function cellPool(cell: PluginCell, parts: CellPoolParts): DecodePool {
  const { index } = parts;
  let known = { life: 0, version: 0 };
  let replaced = 0;

  const brief = async (briefing: Briefing, life: number): Promise<Reply | Failure | undefined> => {
    if (life !== known.life) known = { life, version: 0 };
    if (briefing.base > known.version) return { is: 'stale', thread: life };
    for (const revision of briefing.revisions) {
      if (revision.version <= known.version) continue;
      const changes = revision.changes.map(({ key, json }) => (json === undefined ? { key } : { key, json }));
      const answer = await cell.call({ is: 'know', full: briefing.full, changes }, life);
      if (answer.is !== 'known') return failure(answer);
      known.version = revision.version;
    }
    return undefined;
  };

  const decode = async (task: DecodeTask, life: number): Promise<Reply | Failure> => {
    const results: EnvelopeResult[] = [];
    let taught = false;
    for (let at = 0; at < task.heads.length / headWidth; at++) {
      Atomics.store(parts.progress, task.slot, at);
      const { envelope, teaches } = unpackEnvelope(task, at);
      const answer = await cell.call({ is: 'decode', envelope, teaches }, life);
      if (answer.is === 'crashed' || answer.is === 'hung') return failure(answer);
      if (answer.is === 'decoded') {
        const changes = answer.lessons.map((lesson) => changeOf(lesson, index));
        taught ||= changes.length > 0;
        const isMuch = answer.readings.length > fewReadings;
        if (isMuch) await othersHadTheirTurn();
        const decoded = decodeEnvelope(saying(cell, answer), envelope, nothingKnown, parts.context);
        results.push({ ...decoded, changes });
        if (isMuch) await othersHadTheirTurn();
      } else results.push(refused(answer));
    }
    const claims = taught ? await claimsOf(life) : [];
    if (taught) known.version += 1;
    return { is: 'decoded', thread: life, version: known.version, results: packResults(results), taught, claims };
  };

  const claimsOf = async (life: number): Promise<Claims> => {
    const answer = await cell.call({ is: 'claims' }, life);
    return answer.is === 'claims' ? [[index, answer.topics]] : [];
  };

  const encode = async ({ command, request }: EncodeTask, life: number): Promise<Reply | Failure> => {
    const { device, args } = request;
    const answer = await cell.call({ is: 'encode', command, device, args }, life);
    if (answer.is === 'encoded') return { ...unowned(answer), thread: life, version: known.version };
    if (answer.is === 'refused') return { is: 'failed', code: 'COMMAND_INVALID', detail: answer.detail };
    return failure(answer);
  };

  const run = async (task: Task): Promise<Reply | Failure> => {
    const life = await cell.ready();
    if (life === undefined) return quarantined(task, cell);
    const notReady = await brief(task.briefing, life);
    if (notReady !== undefined) return notReady;
    if (task.is === 'decode') return decode(task, life);
    if (task.is === 'encode') return encode(task, life);
    const described = { name: cell.name, ...cell.described };
    return {
      is: 'described',
      thread: life,
      version: known.version,
      plugins: [described],
      claims: await claimsOf(life),
    };
  };

  // One task at a time: a command waits for the batch that is being decoded.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    run: async (task) => {
      const mine = turn.then(() => run(task));
      turn = mine;
      const reply = await mine;
      if (reply.is === 'crashed' || reply.is === 'hung') replaced += 1;
      return reply;
    },
    get replaced() {
      return replaced;
    },
    // A cell belongs to whoever opened it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** More of them in one answer cost the main thread milliseconds to read, to check and to store: with a pause in between. */
const fewReadings = 64;

/** What is learnt in a cell belongs to nobody. */
function unowned(answer: Extract<Answer, { is: 'encoded' }>): EncodedCommand<Outgoing> & { readonly is: 'encoded' } {
  const outbound = answer.outbound.map((one) => Object.assign(one, one.learnt !== undefined && { taughtBy: '' }));
  return { ...answer, outbound };
}

const nothingKnown = { config: undefined, knowledge: new Map() };

type Answer = Awaited<ReturnType<PluginCell['call']>>;
type Decoded = Extract<Answer, { is: 'decoded' }>;

/** What the cell said, as the plugin that said it: the stateless steps treat it like any other. */
function saying({ name, described }: PluginCell, { readings, failed }: Decoded): Plugin {
  const decode = (): Decoded['readings'] => {
    if (failed !== undefined) throw new Error(failed);
    return readings;
  };
  return { name, apiVersion: 1, proto: described.proto, topics: described.topics, decode } as unknown as Plugin;
}

function changeOf({ key, json }: CellLesson, plugin: number): Change {
  return json === undefined ? { plugin, key } : { plugin, key, json };
}

function refused(answer: Exclude<Answer, Decoded>): EnvelopeResult {
  const { code, detail }: Omit<CellRefusal, 'is'> =
    answer.is === 'refused' ? answer : { code: 'PC-R204', detail: `the cell answered ${answer.is}` };
  return { measurements: [], refused: [{ code, detail }], changes: [] };
}

function failure(answer: Answer): Failure {
  if (answer.is === 'hung') return { is: 'hung', detail: answer.detail };
  return { is: 'crashed', detail: 'detail' in answer ? answer.detail : `the cell answered ${answer.is}` };
}

function quarantined(task: Task, { name, described }: PluginCell): Reply {
  const detail = `the plugin ${name} is quarantined`;
  const nowhere = { thread: 0, version: task.briefing.version };
  if (task.is === 'encode') return { is: 'failed', code: 'COMMAND_INVALID', detail };
  if (task.is === 'describe') return { is: 'described', ...nowhere, plugins: [{ name, ...described }], claims: [] };
  const result = refused({ is: 'refused', code: 'plugin-quarantined', detail });
  const results = packResults(Array.from({ length: task.heads.length / headWidth }, () => result));
  return { is: 'decoded', ...nowhere, results, taught: false, claims: [] };
}
