import { z } from 'zod';
import { route, type Route } from './route.ts';

/** What the API asks of the book that knows whether the gateway has an owner. */
export interface Claimable {
  isClaimed(): boolean;
  /** Gives the administrator token. */
  claim(code: string): Promise<string>;
}

/** How an installer takes possession: the code of the board for the token that opens the administrator's calls. */
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
      summary: 'Takes possession with the claim code, once, and gives the administrator token.',
      needs: 'nothing',
      input: z.strictObject({ code: z.string().min(1).max(64) }),
      result: z.object({ adminToken: z.string() }),
      handle: async ({ code }) => ({ adminToken: await ownership.claim(code) }),
    }),
  ];
}
