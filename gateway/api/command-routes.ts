import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  commandSources,
  commandStates,
  newCommandSchema,
  type CommandPort,
  type CommandStatus,
} from '../../contracts/command.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the commands. */
export interface CommandBook extends CommandPort {
  list(query: {
    readonly device?: string | undefined;
    readonly state?: string | undefined;
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<{ readonly commands: readonly CommandStatus[]; readonly next: number | undefined }>;
}

const shown = z.object({
  id: z.string(),
  device: z.string(),
  name: z.string(),
  source: z.enum(commandSources),
  origin: z.string().optional(),
  state: z.enum(commandStates),
  code: z.string().optional(),
  detail: z.string().optional(),
});
const { id, device, name, args, origin, priority, ttlMs } = newCommandSchema.shape;

/** What devices shall do, and what became of it. */
export function commandRoutes(book: CommandBook): Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/v1/commands',
      summary:
        'Takes a command. The same id, or the header Idempotency-Key, does nothing again and answers with what became of the first.',
      needs: 'device.control',
      target: ({ device }) => ({ device }),
      status: 202,
      input: z.strictObject({
        id: id.optional(),
        /** The header of this name, for clients that have no id of their own. */
        idempotencyKey: id.optional(),
        device,
        name,
        args: args.default({}),
        origin,
        priority,
        ttlMs,
      }),
      result: shown,
      async handle({ idempotencyKey, id = idempotencyKey ?? randomUUID(), origin, ...wish }, { actor }) {
        const by = actor.kind === 'person' ? actor.name : origin;
        const status = await book.submit({ ...wish, id, source: 'api', origin: by });
        if (status.device === wish.device) return status;
        throw new PortcullisError('CONFLICT', `The id "${id}" is that of a command to another device.`);
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/commands/:id',
      summary: 'What became of a command.',
      needs: 'device.read',
      target: 'some',
      input: z.object({ id }),
      result: shown,
      handle: async ({ id }, { may }) => {
        const status = await book.status(id);
        if (status === undefined || !may('device.read', status))
          throw new PortcullisError('NOT_FOUND', `There is no command "${id}".`);
        return status;
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/commands',
      summary: 'The commands, newest first, page by page.',
      needs: 'device.read',
      target: 'some',
      input: z.object({
        device: device.optional(),
        state: z.enum(commandStates).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.coerce.number().int().positive().optional(),
      }),
      result: z.object({ commands: z.array(shown), next: z.number().nullable() }),
      handle: async ({ cursor, ...query }, { may }) => {
        const { commands, next } = await book.list({ ...query, before: cursor });
        return { commands: commands.filter((one) => may('device.read', one)), next: next ?? null };
      },
    }),
  ];
}
