import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import { session } from '../asking/session.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Form } from '../parts/doing.tsx';
import { Card, Field, Page, Waiting } from '../parts/parts.tsx';

/** How an installer takes possession. The answer holds the administrator token, shown once. */
export function ClaimPage() {
  const { data, error } = useAsk<{ claimed: boolean }>('/api/v1/claim');
  const [token, show] = useState<string>();
  const claim = async (code: string): Promise<void> => {
    const { adminToken } = await ask<{ adminToken: string }>('/api/v1/claim', { method: 'POST', body: { code } });
    session.begin(adminToken);
    show(adminToken);
  };
  return (
    <main class="alone">
      <Page title="Claim this gateway">
        {token !== undefined ? (
          <Claimed token={token} />
        ) : data === undefined ? (
          <Waiting error={error} what="its state" />
        ) : data.claimed ? (
          <p>
            This gateway has an owner. Devices may connect. <a href="/#/home">To the console</a>
          </p>
        ) : (
          <div class="card">
            <p class="note">Nobody owns this gateway yet. Until then no device in the network can connect.</p>
            <Form submit="Claim" busy="Claiming…" send={(field) => claim(field('code'))}>
              <Field
                label="Claim code"
                name="code"
                autocapitalize="characters"
                required
                maxLength={64}
                hint="Eight letters and digits, on the screen of the gateway or in the file claim-code.txt on its card."
              />
            </Form>
          </div>
        )}
      </Page>
    </main>
  );
}

function Claimed({ token }: { token: string }) {
  return (
    <>
      <Card title="The gateway is yours">
        <p>Devices may connect now. Keep this administrator token in a safe place; it is not shown again:</p>
        <pre>{token}</pre>
      </Card>
      <p>
        <a class="button main" href="/#/home">
          Go on
        </a>
      </p>
    </>
  );
}
