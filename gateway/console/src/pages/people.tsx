import type { Account } from '../../../../contracts/access.ts';
import { ask } from '../asking/ask.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Choice, Field, Page, Status, Waiting } from '../parts/parts.tsx';
import { whenExactly } from '../parts/words.ts';
import { AuditCard } from './audit-card.tsx';
import { GroupsCard } from './groups-card.tsx';
import { TokensCard } from './tokens-card.tsx';

/** As who somebody may sign in. */
const roles = [
  ['resident', 'Resident: sees and controls what is theirs'],
  ['viewer', 'Viewer: looks'],
  ['engineer', 'Engineer: installs and registers'],
  ['administrator', 'Administrator: everything'],
] as const;

/** Who may sign in, as what, and who did what. */
export function PeoplePage() {
  const { data, error, again } = useAsk<{ accounts: readonly Account[] }>('/api/v1/accounts?limit=200');
  return (
    <Page
      title="People"
      lead="Everybody has an account of their own, so that the log says who did what. It works without the internet."
    >
      <div class="two even">
        <div>
          <Card title="Accounts">
            {data === undefined ? (
              <Waiting error={error} what="the accounts" />
            ) : (
              <>
                <ul class="list">
                  {data.accounts.map((account) => (
                    <AccountRow key={account.id} account={account} again={again} />
                  ))}
                </ul>
                {data.accounts.length === 0 && (
                  <p class="empty">There is none yet: only the administrator token opens this gateway.</p>
                )}
              </>
            )}
          </Card>
          <TokensCard />
        </div>
        <div>
          <Card title="Add somebody">
            <AddAccount again={again} />
          </Card>
          <GroupsCard people={data?.accounts.map(({ name }) => name) ?? []} />
        </div>
      </div>
      <AuditCard />
    </Page>
  );
}

function AddAccount({ again }: { again: () => Promise<void> }) {
  const add = async (field: (name: string) => string): Promise<string> => {
    const password = field('password');
    const body = { name: field('name'), role: field('role'), ...(password !== '' && { password }) };
    const made = await ask<Account & { password?: string }>('/api/v1/accounts', { method: 'POST', body });
    await again();
    return made.password === undefined
      ? `${made.name} may sign in.`
      : `${made.name} may sign in with the password ${made.password}. It is shown this once.`;
  };
  return (
    <Form submit="Add" busy="Adding…" send={add}>
      <Field label="Name" name="name" required maxLength={64} />
      <Choice label="Role" name="role" options={roles} />
      <Field
        label="Password"
        name="password"
        type="password"
        autocomplete="new-password"
        minLength={10}
        maxLength={128}
        hint="Without one, one is made and shown once."
      />
    </Form>
  );
}

function AccountRow({
  account: { id, name, role, areas, disabled, createdAt },
  again,
}: {
  account: Account;
  again: () => Promise<void>;
}) {
  const at = `/api/v1/accounts/${encodeURIComponent(id)}`;
  const edit = async (body: object): Promise<void> => {
    await ask(at, { method: 'PATCH', body });
    await again();
  };
  const freshPassword = async (): Promise<string> => {
    const { password } = await ask<{ password?: string }>(`${at}/password`, { method: 'POST', body: {} });
    return `The new password is ${password}. It is shown this once.`;
  };
  const remove = async (): Promise<void> => {
    await ask(at, { method: 'DELETE' });
    await again();
  };
  return (
    <li>
      <p class="row">
        <strong>{name}</strong> <span>{role}</span>{' '}
        <Status tone={disabled ? 'off' : 'good'}>{disabled ? 'may not sign in' : 'may sign in'}</Status>
      </p>
      <details>
        <summary>Change {name}</summary>
        <div class="stack">
          <p class="soft">
            Since {whenExactly(createdAt)}
            {areas !== null && `, confined to ${areas.join(', ') || 'the areas of their groups'}`}.
          </p>
          <Form submit="Give this role" busy="Changing…" isInline stays send={(field) => edit({ role: field('role') })}>
            <Choice label="Role" name="role" initial={role} options={roles} />
          </Form>
          <div class="row">
            <Act busy="Making…" run={freshPassword}>
              New password
            </Act>
            <Act busy="Changing…" run={() => edit({ disabled: !disabled })}>
              {disabled ? 'Let them in again' : 'Shut them out'}
            </Act>
            <Act kind="danger" busy="Removing…" sure={`Remove the account of ${name}?`} run={remove}>
              Remove
            </Act>
          </div>
        </div>
      </details>
    </li>
  );
}
