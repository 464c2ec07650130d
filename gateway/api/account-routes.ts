import { z } from 'zod';
import {
  accountEditSchema,
  accountSchema,
  newAccountSchema,
  newTokenSchema,
  passwordWish,
  tokenSchema,
  type Account,
  type AccountEdit,
  type NewAccount,
  type NewToken,
  type Token,
} from '../../contracts/access.ts';
import { page, pageQuery } from './page.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the book of accounts and tokens. */
export interface AccountModel {
  accounts(): readonly Account[];
  addAccount(wish: NewAccount): Promise<{ readonly account: Account; readonly password: string | undefined }>;
  editAccount(edit: AccountEdit): Promise<Account>;
  /** Resolves with the password where none was given; ends the sessions of the account. */
  setPassword(id: string, password: string | undefined): Promise<string | undefined>;
  removeAccount(id: string): Promise<Account>;
  tokens(): readonly Token[];
  addToken(wish: NewToken): Promise<{ readonly token: Token; readonly secret: string }>;
  removeToken(id: string): Promise<Token>;
}

const path = '/api/v1/accounts';
const tokenPath = '/api/v1/tokens';
const one = z.strictObject({ id: z.string().min(1).max(64) });
/** A password that was made is in an answer once. */
const withPassword = accountSchema.extend({ password: z.string().optional() });

/** People who may log in. */
export function accountRoutes(model: AccountModel): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'The accounts, ordered by id, page by page.',
      needs: 'account.read',
      input: z.object(pageQuery),
      result: z.object({ accounts: z.array(accountSchema), next: z.string().nullable() }),
      handle: async (query) => {
        const { items, next } = page(model.accounts(), query);
        return { accounts: z.array(accountSchema).parse(items), next };
      },
    }),
    route({
      method: 'POST',
      path,
      summary: 'Adds an account. Without a password one is made and told, once.',
      needs: 'account.manage',
      input: newAccountSchema,
      result: withPassword,
      handle: async (wish) => {
        const { account, password } = await model.addAccount(wish);
        return { ...account, ...(password !== undefined && { password }) };
      },
    }),
    route({
      method: 'PATCH',
      path: `${path}/:id`,
      summary: 'Changes role or areas of an account, or disables it; its sessions end at once.',
      needs: 'account.manage',
      input: accountEditSchema,
      result: accountSchema,
      handle: (edit) => model.editAccount(edit),
    }),
    route({
      method: 'POST',
      path: `${path}/:id/password`,
      summary:
        'Gives an account another password and ends its sessions. Without a password one is made and told, once.',
      needs: 'account.manage',
      input: one.extend({ password: passwordWish.optional() }),
      result: z.object({ password: z.string().optional() }),
      handle: async ({ id, password }) => {
        const made = await model.setPassword(id, password);
        return made === undefined ? {} : { password: made };
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Removes an account and ends its sessions.',
      needs: 'account.manage',
      input: one,
      result: accountSchema,
      handle: ({ id }) => model.removeAccount(id),
    }),
  ];
}

/** Programs that may call. */
export function tokenRoutes(model: AccountModel): Route[] {
  return [
    route({
      method: 'GET',
      path: tokenPath,
      summary: 'The tokens of programs, ordered by id, page by page, without their secrets.',
      needs: 'account.read',
      input: z.object(pageQuery),
      result: z.object({ tokens: z.array(tokenSchema), next: z.string().nullable() }),
      handle: async (query) => {
        const { items, next } = page(model.tokens(), query);
        return { tokens: z.array(tokenSchema).parse(items), next };
      },
    }),
    route({
      method: 'POST',
      path: tokenPath,
      summary: 'Makes a token for a program; its secret is told this once.',
      needs: 'account.manage',
      input: newTokenSchema,
      result: tokenSchema.extend({ secret: z.string() }),
      handle: async (wish) => {
        const { token, secret } = await model.addToken(wish);
        return { ...token, secret };
      },
    }),
    route({
      method: 'DELETE',
      path: `${tokenPath}/:id`,
      summary: 'Ends a token.',
      needs: 'account.manage',
      input: one,
      result: tokenSchema,
      handle: ({ id }) => model.removeToken(id),
    }),
  ];
}
