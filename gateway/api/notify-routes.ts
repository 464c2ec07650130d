import { z } from 'zod';
import { contactSchema, shownNoticeSchema, type Contact, type ShownNotice } from '../../contracts/contacts.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the notifications. */
interface NotifyModel {
  contacts(): readonly Contact[];
  putContact(contact: Contact): Promise<Contact>;
  dropContact(name: string): Promise<Contact>;
  notices(query: {
    readonly alarm?: string | undefined;
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<{ readonly notices: readonly ShownNotice[]; readonly next: number | undefined }>;
}

const path = '/api/v1/contacts';

/** Who is told of alarms, and what became of telling them; without `model` nothing is configured that could tell. */
export function notifyRoutes(model: NotifyModel | undefined): Route[] {
  const there = (): NotifyModel => {
    if (model !== undefined) return model;
    throw new PortcullisError('COMMAND_INVALID', 'Nobody can be told: the configuration has no notify.channels.');
  };
  return [
    route({
      method: 'GET',
      path,
      summary: 'How people and groups are told of alarms.',
      needs: 'site.edit',
      input: z.object({}),
      result: z.object({ contacts: z.array(contactSchema) }),
      handle: async () => ({ contacts: model?.contacts() ?? [] }),
    }),
    route({
      method: 'POST',
      path,
      summary: 'Adds a contact, or takes the place of the one with this name.',
      needs: 'site.edit',
      input: contactSchema,
      result: contactSchema,
      handle: async (contact) => there().putContact(contact),
    }),
    route({
      method: 'DELETE',
      path: `${path}/:name`,
      summary: 'Removes a contact. What waits for it still goes out.',
      needs: 'site.edit',
      input: z.object({ name: z.string().max(64) }),
      result: contactSchema,
      handle: async ({ name }) => there().dropContact(name),
    }),
    route({
      method: 'GET',
      path: '/api/v1/notifications',
      summary: 'Who was told of which alarm over which channel, or is still to be told, the newest first.',
      needs: 'alarm.read',
      input: z.object({
        alarm: z.string().max(64).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.coerce.number().int().positive().optional(),
      }),
      result: z.object({ notifications: z.array(shownNoticeSchema), next: z.number().nullable() }),
      handle: async ({ cursor, ...query }) => {
        const { notices, next } = (await model?.notices({ ...query, before: cursor })) ?? {
          notices: [],
          next: undefined,
        };
        return { notifications: notices, next: next ?? null };
      },
    }),
  ];
}
