import type { TestContext } from 'node:test';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { cannotRun } from './cannot-run.ts';

/** Debian's Chromium, headless, ended with the test; undefined where it cannot run, which the test then says. */
export async function openBrowser(t: TestContext): Promise<Browser | undefined> {
  const missing = ensurePrograms({ chromium: 'chromium' }, (sentence) => t.diagnostic(sentence));
  if (cannotRun(t, missing && `needs ${missing.programs.join(', ')}: ${missing.command}`)) return undefined;
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  t.after(() => browser.close());
  return browser;
}

/** A page of the console, and what every job on it begins with. */
export interface OpenPage {
  readonly page: Page;
  /** What went wrong on it, and resources that it was refused; none is expected. */
  readonly faults: string[];
  readonly button: (name: string) => Locator;
  readonly card: (name: string | RegExp) => Locator;
  /** Waits until it says so. */
  readonly says: (text: string | RegExp) => Promise<void>;
  /** Goes to one of the console's pages, named by its hash, until its heading is there. */
  readonly open: (way: string) => Promise<void>;
}

/** A page with nothing of the others' cookies and storage, closed with the test. */
export async function openPage(
  t: TestContext,
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ baseURL: origin, locale: 'en-GB', ...options });
  t.after(() => context.close());
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message, stack = message }) => {
    // Node-RED's editor applies settings to a part of it that a busy machine has not loaded yet.
    if (!/\/red\/red\.min\.js/.test(stack)) faults.push(stack);
  });
  page.on('console', (line) => {
    if (/Content Security Policy/i.test(line.text())) faults.push(line.text());
  });
  return {
    page,
    faults,
    button: (name) => page.getByRole('button', { name, exact: true }),
    card: (name) => page.getByRole('region', { name }),
    says: (text) => page.getByText(text).first().waitFor(),
    async open(way) {
      await page.goto(`/#/${way}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
  };
}

/** What Chromium's throttling takes: milliseconds and bytes a second. */
interface Network {
  readonly latency: number;
  readonly downloadThroughput: number;
  readonly uploadThroughput: number;
}

/** Puts the page behind a slow network without brotli, as plain HTTP has it, and counts what comes. */
export async function slowDown(page: Page, network: Network) {
  const session = await page.context().newCDPSession(page);
  let bytes = 0;
  const paths = new Map<string, string>();
  const { promise: pagesLoaded, resolve } = Promise.withResolvers<void>();
  session.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => paths.set(requestId, url));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    bytes += encodedDataLength;
    if (/\/assets\/pages-/.test(paths.get(requestId) ?? '')) resolve();
  });
  await session.send('Network.enable');
  await session.send('Network.setExtraHTTPHeaders', { headers: { 'accept-encoding': 'gzip' } });
  await session.send('Network.emulateNetworkConditions', { offline: false, ...network });
  /** `pagesLoaded`: the code of the pages that are not shown first has come too. */
  return { session, bytes: (): number => bytes, pagesLoaded };
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What axe finds serious or critical on the page, one line each. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResult>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes
          .map(({ html }) => html)
          .join(' | ')
          .slice(0, 400)}`,
    );
}

/** How many pixels of it stand out to the right. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
