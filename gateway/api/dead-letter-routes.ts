import { z } from 'zod';
import type { DeadLetterFacts, DeadLetterGroup } from '../../contracts/dead-letters.ts';
import { count } from './read-routes.ts';
import type { LetterReplay } from './letter-replay.ts';
import { route, type Route } from './route.ts';

interface Letter extends DeadLetterFacts {
  readonly sample: Uint8Array;
  readonly replayable: 0 | 1;
}

/** What the API asks of the dead letters. */
export interface LetterModel extends LetterReplay {
  list(query: {
    readonly limit: number;
    readonly before?: number | undefined;
    readonly code?: string | undefined;
    readonly plugin?: string | undefined;
    readonly device?: string | undefined;
  }): Promise<readonly Letter[]>;
  /** The most frequent ones first. */
  groups(): Promise<readonly DeadLetterGroup[]>;
}

const choice = {
  code: z.string().min(1).max(64).optional(),
  plugin: z.string().min(1).max(128).optional(),
  device: z.string().min(1).max(256).optional(),
};

/** What could not be used: what it was, why, and another try after the cause is mended. */
export function deadLetterRoutes(model: LetterModel): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/dead-letters',
      summary:
        'Messages that could not be used, newest first, page by page, with reason, topic and a sample; those of a reason, a plugin, a device. `replayable`: the whole message is kept.',
      needs: 'gateway.read',
      input: z.object({
        ...choice,
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.coerce.number().int().positive().optional(),
      }),
      result: z.object({
        deadLetters: z.array(
          z.looseObject({
            id: count,
            sample: z.string(),
            sampleEncoding: z.enum(['utf-8', 'base64']),
            replayable: z.boolean(),
            /** When it was taken again, in milliseconds. */
            replayedAt: z.number().nullable(),
          }),
        ),
        next: z.number().nullable(),
      }),
      handle: async ({ cursor, limit, ...query }) => {
        const letters = await model.list({ ...query, limit: limit + 1, before: cursor });
        const page = letters.slice(0, limit);
        return { deadLetters: page.map(shownLetter), next: letters.length > limit ? (page.at(-1)?.id ?? null) : null };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/dead-letters/reasons',
      summary:
        'How many messages could not be used, by reason, plugin and sink, and how many of them can be taken again.',
      needs: 'gateway.read',
      input: z.object({}),
      result: z.object({
        reasons: z.array(
          z.object({
            sink: z.string(),
            plugin: z.string(),
            code: z.string(),
            n: count,
            replayable: count,
            replayed: count,
            newest: z.number(),
          }),
        ),
      }),
      handle: async () => ({ reasons: await model.groups() }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/dead-letters/replay',
      summary:
        'Takes messages again that were refused as a whole, at most 1,000 in one call: those of a reason, a plugin, a device. Each is marked in the commit of what became of it this time.',
      needs: 'gateway.operate',
      input: z.strictObject(choice),
      result: z.object({ taken: count, stored: count, filtered: count, refusedAgain: count, more: z.boolean() }),
      handle: (wanted) => model.run(wanted),
    }),
  ];
}

/** A dead letter with its sample as text where it is text; a cut may have split its last character. */
function shownLetter({ sample, replayable, ...letter }: Letter): object {
  const shown = { ...letter, replayable: replayable === 1 && letter.replayedAt === null };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true });
    return { ...shown, sample: text, sampleEncoding: 'utf-8' };
  } catch {
    return { ...shown, sample: Buffer.from(sample).toString('base64'), sampleEncoding: 'base64' };
  }
}
