import type { Logger } from 'pino';
import type { CommandPort } from '../../../../contracts/command.ts';
import type { Ingest } from '../../../../contracts/pipeline.ts';
import type { TableStore } from '../../../../contracts/table-set.ts';
import type { BackoffPolicy } from '../../../lib/backoff.ts';
import type { Scheduler } from '../../../lib/scheduler.ts';
import { oddAnswer, type Answer } from '../envelope.ts';
import type { TuyaLink } from '../link.ts';
import { commandsSchema, takeCommands } from './commands-down.ts';
import { startLongPoll, type LongPoll } from './long-poll.ts';
import { messagesSchema, takeMessages } from './messages-down.ts';
import { ScaleTeacher } from './scales.ts';

export interface DownlinkOptions {
  /** Account id and secret: messages of the queue are encrypted with them. */
  readonly secret: string;
  /** How long the cloud may hold a poll. */
  readonly pollMs?: number;
  /** How long after that its answer may come. */
  readonly graceMs?: number;
}

export interface DownlinkDeps {
  readonly link: TuyaLink;
  readonly store: TableStore;
  readonly log: Logger;
  /** Takes commands of the cloud; without it none are asked for. */
  readonly commands?: CommandPort | undefined;
  /** Takes messages of Tuya's own devices; without it none are asked for. */
  readonly ingest?: Ingest | undefined;
  /** How long the uplink is still cut for a test; an answer that comes meanwhile is lost, and the cloud gives it again. */
  readonly cutMs?: () => number;
  readonly scheduler?: Scheduler;
  readonly backoff?: BackoffPolicy;
}

/** What comes down from the cloud, until disposed. */
export interface Downlink extends AsyncDisposable {
  /** Asks again now, after the operator has mended something. */
  resume(): void;
}

const base = '/v1.0/iot-03/3rdcloud';

/** One waiting call for commands and one for messages, each beside the other. Dispose it before the sink. */
export function startDownlink(options: DownlinkOptions, deps: DownlinkDeps): Downlink {
  const { link, commands, ingest } = deps;
  const polls: LongPoll[] = [];
  if (commands !== undefined) {
    polls.push(
      poll('commands', options, deps, async ({ result, cloudMs }, signal) => {
        const parsed = commandsSchema.safeParse(result);
        if (!parsed.success) return oddAnswer('the poll for commands has no list of commands in its answer');
        await takeCommands(parsed.data, cloudMs ?? link.client.clock.nowMs(), { link, commands }, signal);
        return parsed.data.commands.length;
      }),
    );
  }
  if (ingest !== undefined) {
    const scales = new ScaleTeacher(link, ingest);
    polls.push(
      poll('messages', options, deps, async ({ result }, signal) => {
        const parsed = messagesSchema.safeParse(result);
        if (!parsed.success) return oddAnswer('the poll for messages has no list of messages in its answer');
        await takeMessages(parsed.data, { ...deps, ingest, scales, secret: options.secret }, signal);
        return parsed.data.messages.length;
      }),
    );
  }
  return {
    resume: () => {
      for (const one of polls) one.resume();
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(polls.map((one) => one[Symbol.asyncDispose]()))),
  };
}

function poll(
  what: 'commands' | 'messages',
  { pollMs = 25_000, graceMs = 10_000 }: DownlinkOptions,
  { link, log, cutMs = () => 0, scheduler, backoff }: DownlinkDeps,
  take: Parameters<typeof startLongPoll>[0]['take'],
): LongPoll {
  const call = {
    method: 'GET',
    target: `${base}/${what}/poll?timeout=${pollMs}`,
    answerWithinMs: pollMs + graceMs,
  } as const;
  const cut = (retryAfterMs: number): Answer => ({
    ok: false,
    class: 'transport',
    code: 'cut',
    reason: 'the uplink is cut for a test',
    retryAfterMs,
  });
  const ask = async (signal: AbortSignal): Promise<Answer> => {
    if (cutMs() > 0) return cut(cutMs());
    const until = link.clock.monoMs() + graceMs;
    const answer = await link.caller.call(`poll-${what}`, call, { urgent: true, signal, until });
    return cutMs() > 0 ? cut(cutMs()) : answer;
  };
  return startLongPoll({ what, ask, take, log, clock: link.clock, scheduler, backoff });
}
