import { render } from 'preact';
import { App } from './app.tsx';
import './style/base.css';
import './style/parts.css';
import './style/shell.css';

const page = document.getElementById('page');
if (page !== null) {
  page.replaceChildren();
  render(<App />, page);
}
