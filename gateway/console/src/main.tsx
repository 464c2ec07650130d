import { render } from 'preact';
import { App } from './app.tsx';
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
  const patience = new Promise((resolve) => setTimeout(resolve, patienceMs));
  await Promise.race([Promise.all([whoIsIt(), rememberEarly()]), patience]);
  link.subscribe(() => void (link.get() === 'here' && whoIsIt()));
  const page = document.getElementById('page');
  if (page === null) return;
  page.replaceChildren();
  render(<App />, page);
}

void show();
