import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { PortcullisError } from '../../contracts/errors.ts';
import type { RecentLog } from './recent-log.ts';

/** Keys whose values never reach a log, at the top of an entry and one level down. */
const secretKeys = ['password', 'secret', 'accessKey', 'access_token', 'refresh_token', 'authorization', 'sign'];

export interface LogOptions {
  readonly level: string;
  readonly format: 'text' | 'json';
  /** Keeps the newest entries beside. */
  readonly recent?: RecentLog;
  /** Where entries go; standard output when left out. */
  readonly destination?: DestinationStream;
}

/**
 * One line per entry: text that a person can read in journald (which stamps the time itself), or JSON for machines.
 */
export function openLog({
  level,
  format,
  recent,
  destination = pino.destination({ dest: 1, sync: true }),
}: LogOptions): Logger {
  const onTerminal = process.stdout.isTTY;
  const stream =
    format === 'json'
      ? destination
      : PinoPretty({
          colorize: onTerminal,
          translateTime: onTerminal ? 'SYS:HH:MM:ss' : false,
          ignore: onTerminal ? 'pid,hostname' : 'pid,hostname,time',
          singleLine: true,
          destination: destination as NodeJS.WritableStream & DestinationStream,
        });
  const paths = secretKeys.flatMap((key) => [key, `*.${key}`]);
  const streamWrite = (line: string): string => {
    recent?.add(line);
    return line;
  };
  return pino(
    { level, redact: { paths, censor: '[secret]' }, serializers: { err: errorInWords }, hooks: { streamWrite } },
    stream,
  );
}

/** An error that we know is its code and sentence; the stack of any other is worth the lines. */
function errorInWords(error: unknown): unknown {
  if (!(error instanceof PortcullisError)) return stdSerializers.err(error as Error);
  return `${error.code}: ${error.message}`;
}
