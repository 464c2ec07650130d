import { z } from 'zod';
import { classOfCode, type ErrorClass } from './error-classes.ts';

/** How one call ended. `reason` is a sentence for people: the cloud's code, words and trace id, never a secret. */
export type Answer =
  | {
      readonly ok: true;
      readonly result: unknown;
      /** The cloud's own time, where it told. */
      readonly cloudMs?: number;
    }
  | {
      readonly ok: false;
      readonly class: ErrorClass;
      readonly code: string;
      readonly reason: string;
      /** Of the gateway that the cloud hears in place of this one. */
      readonly epoch?: number | undefined;
      /** Where the cloud named a time to wait. */
      readonly retryAfterMs?: number;
      /** The cloud's own time, where it told. */
      readonly cloudMs?: number;
    };

export type Refusal = Extract<Answer, { ok: false }>;

/** Tuya, "Response Structure": decide by `success` and `code`, never by the HTTP status alone. */
const envelopeSchema = z.object({
  success: z.boolean(),
  result: z.unknown().optional(),
  code: z.union([z.int(), z.string().max(32)]).optional(),
  msg: z.string().optional(),
  t: z.int().optional(),
  tid: z.string().optional(),
  /** Of the local cloud alone. */
  epoch: z.int().min(1).max(4_000).optional(),
});

const longestWaitMs = 24 * 3_600_000;

/** Reads an HTTP answer. What is no envelope (a proxy's page, a cut text) is a transport error. */
export function readAnswer(status: number, retryAfter: string | undefined, text: string): Answer {
  const parsed = envelopeSchema.safeParse(parseJson(text));
  if (!parsed.success) return refusedByHttp(status, retryAfter);
  const { success, result, code, msg, t, tid, epoch } = parsed.data;
  if (success) return { ok: true, result, ...(t !== undefined && { cloudMs: t }) };
  const number = Number(code ?? Number.NaN);
  return {
    ok: false,
    class: classOfCode(number),
    code: String(code ?? 'none'),
    reason: `cloud code ${code ?? 'none'}: ${(msg ?? '').slice(0, 200)} (tid ${(tid ?? 'none').slice(0, 64)})`,
    ...(t === undefined ? {} : { cloudMs: t }),
    ...(epoch === undefined ? {} : { epoch }),
  };
}

function refusedByHttp(status: number, retryAfter: string | undefined): Refusal {
  const seconds = Number(retryAfter);
  const named = retryAfter !== undefined && Number.isFinite(seconds) && seconds > 0;
  return {
    ok: false,
    class: status === 429 ? 'throttle' : 'transport',
    code: `HTTP ${status}`,
    reason: `HTTP status ${status} without an answer of the cloud`,
    ...(named ? { retryAfterMs: Math.min(seconds * 1_000, longestWaitMs) } : {}),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A success whose content is not what the documentation promises. */
export const oddAnswer = (why: string): Refusal => ({ ok: false, class: 'unknown', code: 'odd answer', reason: why });
