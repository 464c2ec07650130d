import { ask } from '../asking/ask.ts';
import { session } from '../asking/session.ts';
import { useStore } from '../asking/store.ts';
import { forgetAnswers } from '../asking/use-ask.ts';
import { Form } from '../parts/doing.tsx';
import { Card, Field, Page } from '../parts/parts.tsx';
import { go, hrefOf } from '../route.ts';

function isIn(): void {
  forgetAnswers();
  go('home');
}

/** Logs in; rejects with the gateway's sentence for a wrong name or password. */
export async function logIn(name: string, password: string): Promise<void> {
  session.forgetToken();
  await ask('/api/v1/login', { method: 'POST', body: { name, password } });
  await session.load();
}

export function SignInPage() {
  const who = useStore(session.state);
  return (
    <main class="alone">
      <Page title="Sign in" lead="To change something, the gateway must know that you may.">
        {who?.login.password !== false && (
          <Card title="With your account">
            <Form
              submit="Sign in"
              busy="Signing in…"
              send={(field) => logIn(field('name'), field('password')).then(isIn)}
            >
              <Field label="Name" name="name" autocomplete="username" required maxLength={64} />
              <Field
                label="Password"
                name="password"
                type="password"
                autocomplete="current-password"
                required
                maxLength={128}
              />
            </Form>
          </Card>
        )}
        <details>
          <summary>With the administrator token</summary>
          <Card>
            <Form
              submit="Use the token"
              busy="Asking the gateway…"
              send={(field) => session.useToken(field('token')).then(isIn)}
            >
              <Field
                label="Administrator token"
                name="token"
                type="password"
                required
                maxLength={256}
                hint="It was shown once when the gateway was claimed, and stands in the file admin-token of its data folder."
              />
            </Form>
          </Card>
        </details>
        {who?.actor.kind === 'local' && (
          <p>
            <a href={hrefOf('home')}>Look only</a>
          </p>
        )}
      </Page>
    </main>
  );
}
