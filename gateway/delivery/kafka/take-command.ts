import type { CommandPort } from '../../../contracts/command.ts';
import { PortcullisError } from '../../../contracts/errors.ts';
import { commandRecordSchema } from '../../../contracts/kafka.ts';
import type { Append } from '../../../contracts/pipeline.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import { resultMessage } from '../../lib/result-message.ts';
import { tell } from '../../observability/channels.ts';

export interface TakeCommandDeps {
  readonly gateway: string;
  readonly commands: CommandPort;
  /** For the results and dead letters of commands that never begin. */
  readonly append: Append;
  readonly store: Pick<TableStore, 'read'>;
  readonly wallMs: () => number;
}

/** A record of the commands topic; `writtenMs` is its time stamp. */
export interface CommandRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly writtenMs: number;
}

const shortestMs = 100;
const longestChars = 65_536;
/** Commands that never began whose ids are remembered. */
const maxRefused = 10_000;

/**
 * Hands one record to the commands of this gateway; resolves when what became of it is durable, so that its offset may
 * be committed. The header `gateway` says who it is for; without it, or with another name, it is none of ours: false.
 * A command whose time is over since it was written is reported expired and never begins. One that is known, because its record is
 * read again or its id stands there twice, does nothing: it has its result, or gets it when it ends. Rejects with a retryable
 * error when nothing could be kept.
 */
export async function takeCommand(record: CommandRecord, deps: TakeCommandDeps): Promise<boolean> {
  if (record.headers.get('gateway') !== deps.gateway) return false;
  const command = parse(record);
  if ('problem' in command) {
    await deps.append(deadLetter(record, command.problem, deps.wallMs()));
    tell('rejected', { stage: 'kafka-commands', reason: 'COMMAND_INVALID', count: 1 });
    return true;
  }
  const { id, name, ttlMs, device, origin } = command;
  if (await isKnown(id, deps)) return true;
  const ageMs = Math.max(0, deps.wallMs() - record.writtenMs);
  const refuse = (state: 'failed' | 'expired', code: string, detail: string): Promise<void> =>
    deps.append({
      ...nothing,
      writes: [
        { statement: 'kafka.refuse', params: [id] },
        { statement: 'kafka.trimRefused', params: [maxRefused] },
      ],
      measurements: [
        resultMessage(
          device,
          { proto: 'kafka', topic: record.topic },
          { command: id, name, source: 'kafka', ...(origin && { origin }), state, code, detail },
          deps.wallMs(),
        ),
      ],
    });
  if (ageMs + shortestMs > ttlMs) {
    tell('rejected', { stage: 'kafka-commands', reason: 'expired', count: 1 });
    await refuse('expired', 'COMMAND_EXPIRED', 'The gateway read the command after its time was over.');
    return true;
  }
  try {
    await deps.commands.submit({
      ...command,
      source: 'kafka',
      ttlMs: Math.floor(ttlMs - ageMs),
      ageMs: Math.floor(ageMs),
    });
  } catch (error) {
    if (!(error instanceof PortcullisError) || error.retryable) throw error;
    tell('rejected', { stage: 'kafka-commands', reason: error.code, count: 1 });
    await refuse('failed', error.code, error.message.slice(0, 1_000));
  }
  return true;
}

async function isKnown(id: string, { commands, store }: TakeCommandDeps): Promise<boolean> {
  if ((await commands.status(id)) !== undefined) return true;
  const [refused] = await store.read('kafka.findRefused', [id]);
  return refused !== undefined;
}

function parse({ key, value }: CommandRecord) {
  if (value.length > longestChars) return { problem: `The command is longer than ${longestChars} characters.` };
  try {
    const { data, error } = commandRecordSchema.safeParse(JSON.parse(value));
    if (error) return { problem: `${error.issues[0]?.path.join('.') ?? ''}: ${error.issues[0]?.message ?? ''}` };
    return data.device === key ? data : { problem: 'The key of the record is not the device of the command.' };
  } catch {
    return { problem: 'The command is not JSON.' };
  }
}

const nothing = { measurements: [], filtered: [], deadLetters: [], writes: [] };

function deadLetter({ topic, key, value }: CommandRecord, detail: string, nowMs: number) {
  const letter = {
    device: key.slice(0, 256),
    plugin: 'kafka-commands',
    topic,
    code: 'COMMAND_INVALID',
    detail,
    sample: Buffer.from(value.slice(0, 1024)),
    receivedAt: nowMs,
  };
  return { ...nothing, deadLetters: [letter] };
}
