import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import type { Logger } from 'pino';
import { backoffMs, defaultBackoff, type BackoffPolicy } from '../../lib/backoff.ts';
import { pause, systemScheduler, type Scheduler } from '../../lib/scheduler.ts';
import { classOfFault } from './error-classes.ts';
import { clientOptions } from './kafka-client.ts';
import type { KafkaOptions } from './options.ts';
import { takeCommand, type TakeCommandDeps } from './take-command.ts';

export interface CommandsInDeps extends Omit<TakeCommandDeps, 'gateway'> {
  readonly log: Logger;
  /** How long the uplink is still cut for a test; what was fetched waits so long. */
  readonly cutMs?: () => number;
  readonly scheduler?: Scheduler;
  readonly backoff?: BackoffPolicy;
}

/** Records that are fetched ahead of the one that is being taken, and bytes of one fetch. */
const ahead = { records: 64, bytes: 262_144 };
/** How long Kafka may hold a fetch when nothing is there. */
const fetchWaitMs = 1_000;
/** Offsets are committed after each command of ours, and after so many of others. */
const foreignPerCommit = 500;

/**
 * Reads the commands topic until disposed, in a consumer group of this gateway alone. An offset is committed after the
 * command is durable, so a crash brings it again, and its id makes it happen once. A consumer that fails is thrown away.
 */
export function startCommandsIn(options: KafkaOptions, topic: string, deps: CommandsInDeps): AsyncDisposable {
  const stop = new AbortController();
  const done = run(options, topic, deps, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

async function run(options: KafkaOptions, topic: string, deps: CommandsInDeps, signal: AbortSignal): Promise<void> {
  const { log, scheduler = systemScheduler, backoff = defaultBackoff } = deps;
  let failures = 0;
  let lastCode: string | undefined;
  while (!signal.aborted) {
    try {
      await consume(options, topic, deps, signal, () => (failures = 0));
    } catch (error) {
      const { code } = classOfFault(error);
      if (code !== lastCode) log.warn({ err: error, code }, 'commands cannot be read from Kafka; trying again');
      lastCode = code;
    }
    if (signal.aborted) return;
    await pause(scheduler, backoffMs(failures, backoff, Math.random), signal);
    failures += 1;
  }
}

async function consume(
  options: KafkaOptions,
  topic: string,
  deps: CommandsInDeps,
  signal: AbortSignal,
  onTaken: () => void,
): Promise<void> {
  const consumer = new Consumer({
    ...clientOptions(options),
    groupId: `portcullis-${options.gateway}`,
    deserializers: stringDeserializers,
    autocommit: false,
    highWaterMark: ahead.records,
    maxBytes: ahead.bytes,
    maxWaitTime: fetchWaitMs,
  });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => new Promise<void>((resolve) => consumer.close(true, () => resolve())));
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST,
  });
  const onAbort = (): void => void stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  closing.defer(() => signal.removeEventListener('abort', onAbort));
  if (signal.aborted) return;
  let foreign = 0;
  for await (const message of stream) {
    const { key, value, headers, timestamp } = message;
    const cutMs = deps.cutMs?.() ?? 0;
    if (cutMs > 0) await pause(deps.scheduler ?? systemScheduler, cutMs, signal);
    if (signal.aborted) return;
    const record = { topic, key: key ?? '', value: value ?? '', headers, writtenMs: Number(timestamp) };
    const ours = await takeCommand(record, { ...deps, gateway: options.gateway });
    foreign = ours ? foreignPerCommit : foreign + 1;
    if (foreign < foreignPerCommit) continue;
    await message.commit();
    foreign = 0;
    onTaken();
  }
}
