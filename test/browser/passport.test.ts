import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import type { Page } from 'playwright-core';
import { openBrowser, openPage } from '../harness/browser.ts';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';

const code = 'K7QMP2XD';
const password = 'quiet-valve-9';

async function claim(page: Page, name: string): Promise<void> {
  await page.goto('/claim');
  await page.getByLabel('Claim code').fill(code);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('A new password').fill(password);
  await page.getByRole('button', { name: 'Claim', exact: true }).click();
  await page.getByRole('link', { name: 'Go on' }).click();
}

test('a passport is made by clicking, and a second gateway that takes it in set-up is the first', async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  const codeFile = join(await tempDir(t), 'claim-code');
  writeFileSync(codeFile, code);
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, { config: { claim: { codeFile }, cloud: cloud.config } });
  const device = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`);
  await device.publishAsync('tele/pantry/STATE', '{"POWER":"ON"}', { qos: 1 });
  await device.endAsync();
  const { page, faults, button, card, open } = await openPage(t, browser, `http://127.0.0.1:${daemon.httpPort}`);
  await claim(page, 'Ann');

  const phrase = 'seven quiet valves';
  await open('system');
  await page.getByLabel('Passphrase', { exact: true }).fill(phrase);
  await page.getByLabel('The same again').fill(phrase);
  await button('Make a passport').click();
  await card('Passport').getByText('Restored beside and read whole').waitFor({ timeout: 90_000 });
  await card('Passport')
    .getByText(/^1 device, 0 places/)
    .waitFor();
  const saving = page.waitForEvent('download');
  await page.getByRole('link', { name: /^Save the passport/ }).click();
  const file = await (await saving).path();
  assert.match(readFileSync(file, 'latin1'), /^age-encryption\.org/);

  writeFileSync(codeFile, code);
  const next = await startDaemon(t, { config: { claim: { codeFile } } });
  const other = (await openPage(t, browser, `http://127.0.0.1:${next.httpPort}`)).page;
  await claim(other, 'Cem');
  const form = other.getByRole('region', { name: 'Or replace a gateway by its passport' });
  await form.getByLabel('Passport', { exact: true }).setInputFiles(file);
  await form.getByLabel('Its passphrase').fill(`${phrase}!`);
  const become = async (): Promise<void> => {
    await form.getByRole('button', { name: 'Become this gateway' }).click();
    await form.getByRole('button', { name: 'Yes' }).click();
  };
  await become();
  await form.getByText('The passphrase does not open this passport.').waitFor({ timeout: 90_000 });
  await form.getByLabel('Its passphrase').fill(phrase);
  await become();
  await form.getByText(/^It is proven and waits/).waitFor({ timeout: 90_000 });
  await next.stop();
  await next.start();
  await other.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await other.getByLabel('Name').fill('Ann');
  await other.getByLabel('Password', { exact: true }).fill(password);
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  await other.getByText('Ann, administrator').waitFor();
  await other.goto('/#/devices');
  await other.getByRole('link', { name: 'tasmota:pantry' }).waitFor();
  // Its own file names no cloud: that came with the passport.
  await other.goto('/#/sync');
  await other.getByRole('region', { name: 'tuya' }).waitFor();
  assert.deepEqual(faults, []);
});
