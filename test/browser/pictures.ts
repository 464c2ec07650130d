import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { Page } from 'playwright-core';
import { openHouse } from '../../simulator/house/house.ts';
import { openBrowser, openPage } from '../harness/browser.ts';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { deploy, flowsRun } from '../harness/flows.ts';
import { post } from '../harness/post.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';
import { packed, tasmotaCandidate } from '../unit/cli/plugin-candidates.ts';
import { lamp, millFlows, millRule, millTemplate } from './mill.ts';

interface Picture {
  readonly name: string;
  /** The page, behind the `#`. */
  readonly way: string;
  readonly wide?: boolean;
  readonly dark?: boolean;
  readonly height?: number;
  /** What is done on the page before. */
  readonly prepare?: ((page: Page) => Promise<unknown>) | undefined;
}

const device = (id: string): string => `devices/${encodeURIComponent(id)}`;

async function drawPower(page: Page): Promise<void> {
  await page.getByRole('region', { name: 'Now' }).getByRole('button', { name: 'Power' }).click();
  await page.getByRole('img', { name: /last / }).locator('canvas').waitFor();
}

/** Those of the documentation. */
const pictures: readonly Picture[] = [
  { name: 'home', way: 'home', wide: true },
  { name: 'home-phone', way: 'home', dark: true },
  { name: 'start', way: 'start', wide: true },
  { name: 'alarms-phone', way: 'alarms' },
  { name: 'devices', way: 'devices', wide: true, dark: true },
  { name: 'device', way: device('z2m:0xa4c138f1d2e30416'), wide: true, prepare: drawPower },
  { name: 'device-phone', way: device(lamp), dark: true },
  { name: 'rules', way: 'rules', wide: true },
  {
    name: 'flows',
    way: 'flows',
    wide: true,
    prepare: (page) => page.frameLocator('.editor').getByText('on, five minutes, off').waitFor({ timeout: 90_000 }),
  },
  {
    name: 'delivery',
    way: 'sync',
    wide: true,
    dark: true,
    prepare: (page) => page.getByText('measuring…').first().waitFor({ state: 'detached', timeout: 90_000 }),
  },
  { name: 'plugins', way: 'trust', wide: true, prepare: bringPlugin },
  { name: 'people', way: 'people', wide: true },
  { name: 'system', way: 'system', wide: true, height: 1180 },
  { name: 'system-phone', way: 'system', dark: true },
];

const folder = join(import.meta.dirname, '../../docs/console');
/** Every page in every size and light instead, whole, into this folder: to look at. */
const review = process.env['PORTCULLIS_PICTURES'];
const ways = [...new Set([...pictures.map(({ way }) => way), 'devices/new', 'places', 'sign-in'])];

let bundle = '';

/** Takes the pictures of `docs/console` from a real gateway with the simulated house. */
test('pictures of the console', { timeout: 1_200_000 }, async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  const dir = await tempDir(t);
  const codeFile = join(dir, 'claim-code');
  writeFileSync(codeFile, 'K7QMP2XD');
  const cloud = await startCloud(t);
  const plugins = { dir: join(dir, 'plugins') };
  mkdirSync(plugins.dir);
  const config = { gateway: 'old-mill', plugins, claim: { codeFile }, cloud: cloud.config, flows: { enabled: true } };
  const daemon = await startDaemon(t, { config });
  await post(daemon, '/api/v1/templates', millTemplate);
  const house = await openHouse({ host: '127.0.0.1', port: daemon.mqttPort, rate: 2 });
  t.after(() => house[Symbol.asyncDispose]());
  const origin = `http://127.0.0.1:${daemon.httpPort}`;
  const { page } = await openPage(t, browser, origin);
  await page.goto('/claim');
  await page.getByLabel('Claim code').fill('K7QMP2XD');
  await page.getByLabel('Your name').fill('Ann');
  await page.getByLabel('A new password').fill('quiet-valve-9');
  await page.getByRole('button', { name: 'Claim', exact: true }).click();
  await page.getByRole('link', { name: 'Go on' }).click();
  await page.getByText('Ann, administrator').waitFor();
  const storageState = await page.context().storageState();

  await post(daemon, '/api/v1/rules', { rule: millRule });
  await flowsRun(daemon);
  await deploy(daemon, millFlows);
  const next = await tasmotaCandidate(dir, '0.2.0', [['words.ts', "word: 'humidity'", "word: 'moisture.soil'"]]);
  bundle = await packed(next);
  await cloud.fault({ kind: 'refuse', forMs: 600_000 });
  await sleep(20_000);
  await cloud.clearFaults();
  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`);
  await client.publishAsync('shellies/shellyht-5E0A19/online', 'false', { qos: 1 });
  await client.endAsync();
  await sleep(60_000);

  const take = async (picture: Picture, path: string, whole: boolean): Promise<void> => {
    const { way, wide, dark, height = wide ? 900 : 740, prepare } = picture;
    const { page: shown } = await openPage(t, browser, origin, {
      viewport: { width: wide ? 1440 : 360, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Berlin',
      storageState,
    });
    await shown.goto(`/#/${way}`);
    await shown.getByText('Asking the gateway').first().waitFor({ state: 'detached' });
    await prepare?.(shown);
    await sleep(1500);
    const session = await shown.context().newCDPSession(shown);
    const { data } = await session.send('Page.captureScreenshot', {
      ...(whole ? { format: 'png' } : { format: 'webp', quality: 70 }),
      captureBeyondViewport: whole,
      ...(whole && { clip: await wholePage(shown) }),
    });
    writeFileSync(path, Buffer.from(data, 'base64'));
    await shown.close();
  };
  if (review === undefined) {
    for (const one of pictures) await take(one, join(folder, `${one.name}.webp`), false);
    return;
  }
  for (const way of ways)
    for (const wide of [true, false])
      for (const dark of [true, false]) {
        const name = `${way.replaceAll('/', '-').replaceAll('%3A', '-')}-${wide ? 1440 : 360}-${dark ? 'dark' : 'light'}`;
        const { prepare } = pictures.find((one) => one.way === way) ?? {};
        const isWorth = wide || way !== 'flows';
        await take({ name, way, wide, dark, ...(isWorth && { prepare }) }, join(review, `${name}.png`), true);
      }
});

const wholePage = async (page: Page) => ({
  x: 0,
  y: 0,
  scale: 1,
  ...(await page.evaluate<{ width: number; height: number }>(
    '({ width: innerWidth, height: Math.min(document.documentElement.scrollHeight, 6000) })',
  )),
});

async function bringPlugin(page: Page): Promise<void> {
  const bring = page.getByRole('region', { name: 'Bring a plugin' });
  await bring.getByLabel('Bundle (.plugin.tgz)').setInputFiles(bundle);
  await bring.getByText(/^tasmota 0\.2\.0 would be admitted\./).waitFor({ timeout: 120_000 });
  await bring.scrollIntoViewIfNeeded();
}
