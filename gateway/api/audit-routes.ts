import { z } from 'zod';
import { accountName, auditEntrySchema, auditOutcomes, type AuditEntry } from '../../contracts/access.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the audit log. */
export interface AuditModel {
  list(query: {
    readonly name?: string | undefined;
    readonly outcome?: string | undefined;
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: number | undefined }>;
}

/** Who changed what, and who was denied. */
export function auditRoutes(model: AuditModel): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/audit',
      summary: 'Every decision that denied or changed something, newest first, page by page.',
      needs: 'audit.read',
      input: z.object({
        name: accountName.optional(),
        outcome: z.enum(auditOutcomes).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.coerce.number().int().positive().optional(),
      }),
      result: z.object({ entries: z.array(auditEntrySchema), next: z.number().nullable() }),
      handle: async ({ cursor, ...query }) => {
        const { entries, next } = await model.list({ ...query, before: cursor });
        return { entries, next: next ?? null };
      },
    }),
  ];
}
