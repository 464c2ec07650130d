import { ask } from '../asking/ask.ts';
import { session } from '../asking/session.ts';
import { forgetAnswers } from '../asking/use-ask.ts';
import { Form } from '../parts/doing.tsx';
import { Field, Page } from '../parts/parts.tsx';
import { go, hrefOf } from '../route.ts';

/** Tries the token on a call that needs it, and keeps it until the tab is closed. */
async function signIn(token: string): Promise<void> {
  await ask('/api/v1/credentials', { headers: { authorization: `Bearer ${token}` } });
  forgetAnswers();
  session.begin(token);
  go('home');
}

export function SignInPage() {
  return (
    <main class="alone">
      <Page title="Sign in" lead="To change something, the gateway must know that you may.">
        <div class="card">
          <Form submit="Sign in" busy="Signing in…" send={(field) => signIn(field('token'))}>
            <Field
              label="Administrator token"
              name="token"
              type="password"
              autocomplete="current-password"
              required
              maxLength={256}
              hint="It was shown once when the gateway was claimed, and stands in the file admin-token of its data folder."
            />
          </Form>
        </div>
        <p>
          <a href={hrefOf('home')} onClick={() => session.end()}>
            Look only
          </a>
        </p>
      </Page>
    </main>
  );
}
