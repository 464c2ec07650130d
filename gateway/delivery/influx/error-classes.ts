import { z } from 'zod';
import { certificateDates, certificateTrust } from '../certificate-codes.ts';
import type { FailureRule } from '../failure-rule.ts';

/** What kind of trouble an answer of InfluxDB is: each kind has its own rule below. */
export type ErrorClass =
  | 'transport'
  | 'certificate'
  | 'credentials'
  | 'database'
  | 'too-large'
  | 'points'
  | 'throttle'
  | 'server'
  | 'unknown';

export const rules: Readonly<Record<ErrorClass, FailureRule>> = {
  transport: { effect: 'keep', pause: 'transient' },
  certificate: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'INFLUX_CERTIFICATE',
      detail:
        'The certificate of InfluxDB has expired, is for another host, or of an authority that influx.ca does not name.',
    },
  },
  server: { effect: 'keep', pause: 'transient' },
  throttle: { effect: 'keep', pause: 'transient' },
  'too-large': { effect: 'split' },
  points: { effect: 'split' },
  credentials: {
    effect: 'keep',
    pause: 'stopped',
    alarm: {
      code: 'INFLUX_CREDENTIALS',
      detail: 'InfluxDB refuses password or token, or this account may not write. Mend influx, then resume the sink.',
    },
  },
  database: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'INFLUX_DATABASE',
      detail: 'The database or bucket of influx does not exist. Make it in InfluxDB; data waits in the buffer.',
    },
  },
  unknown: {
    effect: 'keep',
    pause: 'transient',
    alarm: { code: 'INFLUX_UNKNOWN_ANSWER', detail: 'What answers at influx.url does not answer as InfluxDB does.' },
  },
};

const ofStatus: Readonly<Record<number, ErrorClass>> = {
  400: 'points',
  401: 'credentials',
  403: 'credentials',
  404: 'database',
  408: 'transport',
  413: 'too-large',
  422: 'points',
  429: 'throttle',
  503: 'throttle',
};

/** How such an error begins: further in stand names that devices chose. */
const isNoDatabase = /^(database not found|retention policy not found|bucket .+ not found)/i;

/** The sentence of an answer: `error` of InfluxDB 1, `message` of 2; nothing where it is no such answer. */
const answerSchema = z
  .union([z.object({ error: z.string() }), z.object({ message: z.string() })])
  .transform((answer) => ('error' in answer ? answer.error : answer.message));

function errorIn(text: string): string {
  try {
    return answerSchema.parse(JSON.parse(text));
  } catch {
    return '';
  }
}

/** Undefined when everything was written. Of 400, part may have been: writing it again changes nothing. */
export function classOf(status: number, text: string): ErrorClass | undefined {
  if (status === 204) return undefined;
  if (isNoDatabase.test(errorIn(text))) return 'database';
  return ofStatus[status] ?? (status >= 500 ? 'server' : 'unknown');
}

/** The class of an error that a socket, TLS or the HTTP client gave, by its code. */
export function classOfFault(error: unknown): { readonly class: ErrorClass; readonly code: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  const isCertificate = [...certificateDates, ...certificateTrust].includes(code);
  return { class: isCertificate ? 'certificate' : 'transport', code };
}
