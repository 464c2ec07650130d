import { useState } from 'preact/hooks';
import type { Token } from '../../../../contracts/access.ts';
import { ask } from '../asking/ask.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Choice, Field, Waiting } from '../parts/parts.tsx';
import { whenExactly } from '../parts/words.ts';

/** Logins of programs: the secret is shown once, when it is made. */
export function TokensCard() {
  const { data, error, again } = useAsk<{ tokens: readonly Token[] }>('/api/v1/tokens?limit=200');
  const [secret, show] = useState<string>();
  const make = async (field: (name: string) => string): Promise<string> => {
    const days = Number(field('days'));
    const body = { name: field('name'), role: field('role'), ...(days > 0 && { expiresInDays: days }) };
    const made = await ask<Token & { secret: string }>('/api/v1/tokens', { method: 'POST', body });
    show(made.secret);
    await again();
    return `The token of ${made.name} is made. Copy it now: it is not shown again.`;
  };
  return (
    <Card title="Programs" note="A program signs in with a token, in the header Authorization: Bearer.">
      <div class="stack">
        {data === undefined ? (
          <Waiting error={error} what="the tokens" />
        ) : (
          <ul class="list">
            {data.tokens.map((token) => (
              <TokenRow key={token.id} token={token} again={again} />
            ))}
          </ul>
        )}
        {secret !== undefined && <pre aria-label="The new token">{secret}</pre>}
        <Form submit="Make a token" busy="Making…" send={make}>
          <Field label="Program" name="name" required maxLength={64} />
          <Choice
            label="May"
            name="role"
            options={[
              ['machine', 'send messages and read: machine'],
              ['viewer', 'look: viewer'],
              ['engineer', 'install and register: engineer'],
              ['administrator', 'everything: administrator'],
            ]}
          />
          <Field
            label="Ends after days"
            name="days"
            type="number"
            min={1}
            max={3650}
            hint="Without a number it does not end."
          />
        </Form>
      </div>
    </Card>
  );
}

function TokenRow({ token: { id, name, role, expiresAt }, again }: { token: Token; again: () => Promise<void> }) {
  const end = async (): Promise<void> => {
    await ask(`/api/v1/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
    await again();
  };
  return (
    <li>
      <p class="row">
        <strong>{name}</strong> <span>{role}</span>
        <span class="soft">{expiresAt === null ? 'does not end' : `ends ${whenExactly(expiresAt)}`}</span>
        <Act kind="danger" busy="Ending…" sure={`End the token of ${name}?`} run={end}>
          End it
        </Act>
      </p>
    </li>
  );
}
