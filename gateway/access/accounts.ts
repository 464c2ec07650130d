import { randomBytes } from 'node:crypto';
import { accountSchema, type Account, type AccountEdit, type NewAccount } from '../../contracts/access.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { PasswordHasher } from '../lib/password-hash.ts';
import { full, key, missing, mustBeFree, newId, wall, type BookDeps } from './book.ts';
import { mustBeFit } from './password-rules.ts';
import { accountIn, accountWrite, type StoredAccount } from './tables.ts';

const maxAccounts = 500;

/** The accounts of people, in memory as they are on disk. Changes go one after the other and resolve when durable. */
export interface AccountBook {
  accounts(): readonly StoredAccount[];
  isEmpty(): boolean;
  account(id: string): StoredAccount | undefined;
  named(name: string): StoredAccount | undefined;
  /** Resolves with the password where it was made. CONFLICT: the name is taken. COMMAND_INVALID: too many, or the password is no good. */
  addAccount(wish: NewAccount): Promise<{ readonly account: Account; readonly password: string | undefined }>;
  editAccount(edit: AccountEdit): Promise<Account>;
  setPassword(id: string, password: string | undefined): Promise<string | undefined>;
  removeAccount(id: string): Promise<Account>;
}

export async function openAccounts(
  store: TableStore,
  { clock, hasher, names, inTurn }: BookDeps & { readonly hasher: PasswordHasher },
): Promise<AccountBook> {
  const accounts = new Map((await store.read('access.accounts', [])).map((row) => [String(row['id']), accountIn(row)]));
  const named = (name: string): StoredAccount | undefined =>
    [...accounts.values()].find((one) => key(one.name) === key(name));

  names.add((name) => named(name) !== undefined);
  const put = async (account: StoredAccount): Promise<StoredAccount> => {
    await store.write([accountWrite(account)]);
    accounts.set(account.id, account);
    return account;
  };
  const found = (id: string): StoredAccount => accounts.get(id) ?? missing('account', id);
  return {
    accounts: () => [...accounts.values()],
    isEmpty: () => accounts.size === 0,
    account: (id) => accounts.get(id),
    named,
    addAccount: ({ name, role, areas, password }) =>
      inTurn(async () => {
        mustBeFree(names, name);
        if (accounts.size >= maxAccounts) throw full('accounts');
        const made = password ?? madePassword();
        mustBeFit(made, name);
        const secret = await hasher.hash(made);
        const account = {
          id: newId(),
          name,
          role,
          areas: areas ?? null,
          disabled: false,
          createdAt: wall(clock),
          secret,
        };
        return { account: shownAccount(await put(account)), password: password === undefined ? made : undefined };
      }),
    editAccount: ({ id, role, areas, disabled }) =>
      inTurn(async () => {
        const before = found(id);
        const after = {
          ...before,
          role: role ?? before.role,
          areas: areas === undefined ? before.areas : areas,
          disabled: disabled ?? before.disabled,
        };
        return shownAccount(await put(after));
      }),
    setPassword: (id, password) =>
      inTurn(async () => {
        const account = found(id);
        const made = password ?? madePassword();
        mustBeFit(made, account.name);
        await put({ ...account, secret: await hasher.hash(made) });
        return password === undefined ? made : undefined;
      }),
    removeAccount: (id) =>
      inTurn(async () => {
        const account = found(id);
        await store.write([{ statement: 'access.dropAccount', params: [id] }]);
        accounts.delete(id);
        return shownAccount(account);
      }),
  };
}

const madePassword = (): string => randomBytes(15).toString('base64url');

const shownAccount = (account: StoredAccount): Account => accountSchema.parse(account);
