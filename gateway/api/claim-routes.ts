import { z } from 'zod';
import { accountName, passwordWish, type NewAccount } from '../../contracts/access.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the book that knows whether the gateway has an owner. */
export interface Claimable {
  isClaimed(): boolean;
  /** Gives the administrator token; what `before` does is durable before the code is spent. */
  claim(code: string, before: () => Promise<unknown>): Promise<string>;
  /** Makes the account of the owner, who was not asked for a role. */
  own(wish: NewAccount & { readonly password: string }): Promise<unknown>;
}

/** How an installer takes possession: the code of the board for the first account, and the token that opens the administrator's calls. */
export function claimRoutes(ownership: Claimable): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/claim',
      summary: 'Whether the gateway was claimed; until then its broker takes no connection from the network.',
      needs: 'nothing',
      input: z.object({}),
      result: z.object({ claimed: z.boolean() }),
      handle: async () => ({ claimed: ownership.isClaimed() }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/claim',
      summary:
        'Takes possession with the claim code, once: makes the first account where one is asked for, and gives the administrator token.',
      needs: 'nothing',
      input: z.strictObject({
        code: z.string().min(1).max(64),
        account: z.strictObject({ name: accountName, password: passwordWish }).optional(),
      }),
      result: z.object({ adminToken: z.string() }),
      handle: async ({ code, account }) => {
        const own = async (): Promise<unknown> => account && ownership.own({ ...account, role: 'administrator' });
        return { adminToken: await ownership.claim(code, own) };
      },
    }),
  ];
}
