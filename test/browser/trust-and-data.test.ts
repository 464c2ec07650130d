import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, connectAsync } from 'mqtt';
import { openBrowser, openPage, overflow, seriousFaults } from '../harness/browser.ts';
import { cli } from '../harness/cli.ts';
import { checkDecisionLog } from '../../gateway/admission/record/decision-log.ts';
import { startDaemon } from '../harness/daemon.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';
import { packed, tasmotaCandidate } from '../unit/cli/plugin-candidates.ts';

/** One gateway and one browser for what the console says of data and of those who bring it. */
test('the console shows data as it comes, and what became of it', async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  // Without a fallback nobody wants what no plugin knows.
  const dir = await tempDir(t);
  mkdirSync(join(dir, 'plugins'));
  const config = { preprocess: { fallbackPlugin: null }, plugins: { dir: join(dir, 'plugins') } };
  const daemon = await startDaemon(t, { config });
  const configFile = join(daemon.dataDir, '../portcullis.yaml');
  const origin = `http://127.0.0.1:${daemon.httpPort}`;
  const token = readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim();
  const { page, faults, card, says, open } = await openPage(t, browser, origin, {
    viewport: { width: 1440, height: 900 },
  });
  await page.addInitScript((secret) => sessionStorage.setItem('portcullis-token', secret), token);
  const publish = async (topic: string, payload: string): Promise<void> => {
    const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { clientId: 'tester' });
    await client.publishAsync(topic, payload, { qos: 1 });
    await client.endAsync();
  };

  /** What is on the page now stands on a phone in the dark and on a screen in the light. */
  const isSound = async (): Promise<void> => {
    for (const [width, colorScheme] of [
      [360, 'dark'],
      [1440, 'light'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      assert.ok((await overflow(page)) <= 0, `too wide at ${width} px`);
      assert.deepEqual(await seriousFaults(page), []);
    }
  };

  await t.test('a value is shown when it is stored, also after the gateway was gone', async () => {
    await publish('tele/pantry/STATE', '{"POWER":"ON"}');
    // The page is told the first state for ever when it asks: what changes then came by itself.
    let first: string | undefined;
    await page.route('**/api/v1/devices/*/twin', async (route) => {
      first ??= await (await route.fetch()).text();
      await route.fulfill({ contentType: 'application/json', body: first });
    });
    await open(`devices/${encodeURIComponent('tasmota:pantry')}`);
    await page.getByText('Live', { exact: true }).waitFor();
    await card('Now').getByText('on', { exact: true }).waitFor();
    await publish('tele/pantry/STATE', '{"POWER":"OFF"}');
    await card('Now').getByText('off', { exact: true }).waitFor();
    await daemon.kill();
    await says('The gateway does not answer.');
    await daemon.start();
    await page.getByText('The gateway does not answer.').waitFor({ state: 'detached' });
    await page.getByText('Live', { exact: true }).waitFor();
    await publish('tele/pantry/STATE', '{"POWER":"ON"}');
    await card('Now').getByText('on', { exact: true }).waitFor();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  await t.test('the list of devices has the values of each', async () => {
    await open('devices');
    const tile = page.getByRole('link', { name: /tasmota:pantry/ });
    await tile.getByText('on', { exact: true }).waitFor();
    await publish('tele/pantry/STATE', '{"POWER":"OFF"}');
    await tile.getByText('off', { exact: true }).waitFor();
  });

  await t.test(
    'an unknown device asks at the open window, and is let in with the name and password that it has',
    async () => {
      await open('devices/new');
      await page.getByRole('button', { name: 'Open for five minutes' }).click();
      await page.getByText(/^The window is open for [45]:\d\d more$/).waitFor();
      const device = connect(`mqtt://127.0.0.1:${daemon.mqttPort}`, {
        clientId: 'barn',
        username: 'barn',
        password: 'its own password',
        reconnectPeriod: 500,
        reconnectOnConnackError: true,
        will: { topic: 'tele/barn/LWT', payload: Buffer.from('Offline'), qos: 1, retain: false },
      });
      t.after(() => device.end(true));
      device.on('error', () => undefined);
      device.on('connect', () => device.publish('tele/barn/STATE', '{"POWER":"ON"}', { qos: 1 }));
      const waiting = card('Or let the device ask').getByRole('listitem');
      await waiting.getByText(/asked just now from .*127\.0\.0\.1/).waitFor();
      assert.equal(await waiting.getByLabel('What it is').inputValue(), 'tasmota');
      await isSound();
      await waiting.getByRole('button', { name: 'Let it in' }).click();
      await page.getByRole('link', { name: 'tasmota:barn' }).waitFor();
      await page.getByRole('button', { name: 'Close it' }).click();
      await page.getByRole('button', { name: 'Open for five minutes' }).waitFor();
      const { entries } = (await (
        await fetch(`${origin}/api/v1/audit`, { headers: { authorization: `Bearer ${token}` } })
      ).json()) as { entries: { action: string }[] };
      assert.ok(entries.some(({ action }) => action === 'POST /api/v1/device-window/:id/admit'));
    },
  );

  await t.test('home says which device is silent, since when, and how its battery was', async () => {
    const voltage = { type: 'numeric', name: 'voltage', property: 'voltage', unit: 'mV', access: 1 };
    const door = {
      ieee_address: '0x00158d0001020304',
      friendly_name: 'shed-door',
      type: 'EndDevice',
      power_source: 'Battery',
      definition: { model: 'M', vendor: 'V', description: '', exposes: [voltage] },
    };
    await publish('zigbee2mqtt/bridge/devices', JSON.stringify([door]));
    await publish('zigbee2mqtt/shed-door', '{"voltage":2100}');
    await publish('zigbee2mqtt/shed-door/availability', '{"state":"offline"}');
    await open('home');
    const matters = page.getByRole('list', { name: 'What is wrong now' });
    await matters.getByText(/z2m:0x00158d0001020304 is silent since \d\d:\d\d, battery was 2\.1 V/).waitFor();
    await matters.getByText('Look whether it has power and is in reach.').waitFor();
    await isSound();
  });

  await t.test('what could not be used is told by reason, and taken again when the cause is mended', async () => {
    await publish('tele/pantry/SENSOR', '{"AM2301":{"Humidity":51}}');
    for (const n of [1, 2]) await publish('shed/weather', `{"temperature":${n}}`);
    const portcullis = (...args: string[]): string =>
      execFileSync(process.execPath, [cli, 'dead-letters', ...args, '--config', configFile], { encoding: 'utf8' });
    assert.match(portcullis('reasons'), /^2\tno-plugin\tno plugin\t2 can be taken again$/m);
    await open('sync');
    const reasons = page.getByRole('table', { name: 'Messages that could not be used, by reason' });
    await reasons.getByRole('button', { name: 'no-plugin' }).click();
    await page.getByText('shed/weather').first().waitFor();
    await page.getByText('What it sent').first().click();
    await says('{"temperature":2}');
    await isSound();
    await daemon.stop();
    writeFileSync(
      configFile,
      readFileSync(configFile, 'utf8').replace('fallbackPlugin: null', 'fallbackPlugin: generic-json'),
    );
    await daemon.start();
    await reasons.getByRole('button', { name: 'Take 2 again' }).click();
    await reasons.getByText('2 were taken again', { exact: true }).waitFor();
    await says('It balances');
    assert.match(portcullis('list'), /shed\/weather\tno-plugin\ttaken again/);
  });

  await t.test('a plugin is refused with reasons, compared before it is switched on, and rolled back', async () => {
    const greedy = await tasmotaCandidate(dir, '0.3.0', [['index.ts', 'import ', "import 'node:fs';\nimport "]]);
    const next = await tasmotaCandidate(dir, '0.2.0', [['words.ts', "word: 'humidity'", "word: 'moisture.soil'"]]);
    await open('trust');
    const bring = card('Bring a plugin');
    await bring.getByLabel('Bundle (.plugin.tgz)').setInputFiles(await packed(greedy));
    await bring.getByText(/^tasmota 0\.3\.0 would be refused: /).waitFor({ timeout: 90_000 });
    await bring.getByText('PC-D101').first().waitFor();
    await bring
      .getByText(/contract imports\S*, line \d+/)
      .first()
      .waitFor();
    await isSound();
    assert.equal(await bring.getByRole('button', { name: 'Switch it on' }).count(), 0);
    await bring.getByLabel('Bundle (.plugin.tgz)').setInputFiles(await packed(next));
    await bring.getByText(/^tasmota 0\.2\.0 would be admitted\. .* come out differently/).waitFor({ timeout: 90_000 });
    await bring
      .getByRole('cell', { name: /humidity/ })
      .first()
      .waitFor();
    await isSound();
    await bring.getByRole('button', { name: 'Switch it on' }).click();
    const tasmota = card(/^tasmota /);
    await tasmota
      .getByText('Version 0.2.0 is switched on and runs from the next start on.')
      .waitFor({ timeout: 90_000 });
    await tasmota.getByRole('button', { name: 'Roll back to the shipped version' }).click();
    await tasmota.getByRole('button', { name: 'Yes' }).click();
    await tasmota.getByText('Version 0.2.0 is switched on').waitFor({ state: 'detached' });
  });

  await t.test('the decision records are saved with their chain', async () => {
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the decision records' }).click();
    const file = await (await saving).path();
    const answer = await fetch(`${origin}/api/v1/plugins/decisions`, { headers: { authorization: `Bearer ${token}` } });
    await answer.text();
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: answer.headers.get('x-decision-key') ?? '' };
    const found = await checkDecisionLog(file, createPublicKey({ key: jwk, format: 'jwk' }));
    assert.deepEqual([found.fault, found.records > 3], [undefined, true]);
  });

  assert.deepEqual(faults, []);
});
