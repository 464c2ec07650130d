import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import { session } from '../asking/session.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Form } from '../parts/doing.tsx';
import { Card, Field, Page, Waiting } from '../parts/parts.tsx';
import { logIn } from './sign-in.tsx';

/** How an installer takes possession: the code for the first account. The administrator token is shown once beside it. */
export function ClaimPage() {
  const { data, error } = useAsk<{ claimed: boolean }>('/api/v1/claim');
  const [token, show] = useState<string>();
  const [isIn, enter] = useState(false);
  const claim = async (code: string, name: string, password: string): Promise<void> => {
    const body = { code, account: { name, password } };
    const { adminToken } = await ask<{ adminToken: string }>('/api/v1/claim', { method: 'POST', body });
    show(adminToken);
    await logIn(name, password).catch(() => session.useToken(adminToken));
    enter(true);
  };
  return (
    <main class="alone">
      <Page title="Claim this gateway">
        {token !== undefined ? (
          <Claimed token={token} isIn={isIn} />
        ) : data === undefined ? (
          <Waiting error={error} what="its state" />
        ) : data.claimed ? (
          <p>
            This gateway has an owner. Devices may connect. <a href="/#/home">To the console</a>
          </p>
        ) : (
          <Card note="Nobody owns this gateway yet. Until then no device in the network can connect.">
            <Form
              submit="Claim"
              busy="Claiming…"
              stays
              send={(field) => claim(field('code'), field('name'), field('password'))}
            >
              <Field
                label="Claim code"
                name="code"
                autocapitalize="characters"
                required
                maxLength={64}
                hint="Eight letters and digits, on the screen of the gateway or in the file claim-code.txt on its card."
              />
              <Field label="Your name" name="name" autocomplete="username" required maxLength={64} />
              <Field
                label="A new password"
                name="password"
                type="password"
                autocomplete="new-password"
                required
                minLength={10}
                maxLength={128}
                hint="At least 10 characters; a few words in a row are good."
              />
            </Form>
          </Card>
        )}
      </Page>
    </main>
  );
}

function Claimed({ token, isIn }: { token: string; isIn: boolean }) {
  return (
    <>
      <Card title="The gateway is yours">
        <p>
          Devices may connect now. Keep this administrator token in a safe place, for the day when every password is
          forgotten; it is not shown again:
        </p>
        <pre>{token}</pre>
      </Card>
      <p role="status">
        {isIn ? (
          <a class="button main" href="/#/start">
            Go on
          </a>
        ) : (
          'Signing you in…'
        )}
      </p>
    </>
  );
}
