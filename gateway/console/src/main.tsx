import { render } from 'preact';
import { App } from './app.tsx';
import { elsewhere } from './asking/first.ts';
import { link, lost } from './asking/link.ts';
import { session } from './asking/session.ts';
import { rememberEarly } from './asking/use-ask.ts';
import './style/base.css';
import './style/parts.css';
import './style/pages.css';
import './style/shell.css';

/** For so long the words of the document stand; behind it the page says what it waits for. */
const patienceMs = 2000;

const whoIsIt = (): Promise<void> => session.load().catch(lost);

async function show(): Promise<void> {
  const page = document.getElementById('page');
  if (page === null) return;
  const known: Promise<unknown> = Promise.all([whoIsIt(), rememberEarly()]);
  const patience = new Promise((resolve) => setTimeout(resolve, patienceMs));
  // Home as the gateway drew it says more than that something is waited for.
  await (page.querySelector('main') === null ? Promise.race([known, patience]) : known);
  link.subscribe(() => void (link.get() === 'here' && whoIsIt()));
  page.replaceChildren();
  render(<App />, page);
  document.documentElement.classList.remove(elsewhere);
}

void show();
