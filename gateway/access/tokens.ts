import { randomBytes } from 'node:crypto';
import { tokenSchema, type NewToken, type Token } from '../../contracts/access.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import { full, hashOf, key, missing, mustBeFree, newId, wall, type BookDeps } from './book.ts';
import { tokenIn, tokenWrite, type StoredToken } from './tables.ts';

const maxTokens = 200;
/** A token says what it is, so that a scanner of leaked secrets finds it. */
export const tokenPrefix = 'pct_';

/** The tokens of programs, in memory as they are on disk. Changes go one after the other and resolve when durable. */
export interface TokenBook {
  tokens(): readonly StoredToken[];
  /** The token whose secret it is, also one that is over. */
  tokenOf(secret: string): StoredToken | undefined;
  /** `secret` is known this once. */
  addToken(wish: NewToken): Promise<{ readonly token: Token; readonly secret: string }>;
  removeToken(id: string): Promise<Token>;
}

export async function openTokens(store: TableStore, { clock, names, inTurn }: BookDeps): Promise<TokenBook> {
  const tokens = new Map((await store.read('access.tokens', [])).map((row) => [String(row['id']), tokenIn(row)]));
  const byHash = new Map(Array.from(tokens.values(), (token) => [Buffer.from(token.hash).toString('hex'), token]));
  names.add((name) => [...tokens.values()].some((one) => key(one.name) === key(name)));
  return {
    tokens: () => [...tokens.values()],
    tokenOf: (secret) => byHash.get(hashOf(secret).toString('hex')),
    addToken: ({ name, role, areas, expiresInDays }) =>
      inTurn(async () => {
        mustBeFree(names, name);
        if (tokens.size >= maxTokens) throw full('tokens');
        const secret = `${tokenPrefix}${randomBytes(32).toString('base64url')}`;
        const createdAt = wall(clock);
        const expiresAt = expiresInDays === undefined ? null : createdAt + Math.round(expiresInDays * 86_400_000);
        const token = { id: newId(), name, role, areas: areas ?? null, createdAt, expiresAt, hash: hashOf(secret) };
        await store.write([tokenWrite(token)]);
        tokens.set(token.id, token);
        byHash.set(token.hash.toString('hex'), token);
        return { token: shownToken(token), secret };
      }),
    removeToken: (id) =>
      inTurn(async () => {
        const token = tokens.get(id) ?? missing('token', id);
        await store.write([{ statement: 'access.dropToken', params: [id] }]);
        tokens.delete(id);
        byHash.delete(Buffer.from(token.hash).toString('hex'));
        return shownToken(token);
      }),
  };
}

const shownToken = (token: StoredToken): Token => tokenSchema.parse(token);
