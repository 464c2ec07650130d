import { z } from 'zod';

/** What the collector said. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** What becomes of a request: `taken` with so many spans that the collector left out, `refused` for good, or `later`. */
export type Verdict =
  | { readonly is: 'taken'; readonly rejected: number; readonly why?: string }
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'later'; readonly why: string; readonly afterMs?: number };

/** "Retryable Response Codes" of OTLP over HTTP; nothing else may be sent again. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const longestWaitMs = 300_000;

const taken = z.object({
  partialSuccess: z.object({ rejectedSpans: z.coerce.number().int().nonnegative().catch(0) }).optional(),
});

/** Judges an answer by the rules of OTLP over HTTP; never rejects. */
export async function verdictOn(asked: Promise<Answer>): Promise<Verdict> {
  let answer: Answer;
  try {
    answer = await asked;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
    return { is: 'later', why: code };
  }
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return takenBy(answer);
  const why = `status ${status}`;
  if (!passing.has(status)) return { is: 'refused', why };
  const seconds = Number(retryAfter);
  return { is: 'later', why, ...(seconds > 0 && { afterMs: Math.min(seconds * 1_000, longestWaitMs) }) };
}

function takenBy({ text }: Answer): Verdict {
  let said: unknown;
  try {
    said = JSON.parse(text === '' ? '{}' : text);
  } catch {
    // The answer to a request in JSON is JSON; who took the request and says something else has taken it.
    said = {};
  }
  const rejected = taken.safeParse(said).data?.partialSuccess?.rejectedSpans ?? 0;
  return { is: 'taken', rejected, ...(rejected > 0 && { why: 'some spans are rejected' }) };
}
