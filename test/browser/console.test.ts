import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { connectAsync } from 'mqtt';
import { openHouse } from '../../simulator/house/house.ts';
import { openBrowser, openPage, overflow, seriousFaults, slowDown } from '../harness/browser.ts';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const password = 'quiet-valve-9';
const lamp = 'z2m:0x84fd27fffe5a6b7c';
const pages = [
  'home',
  'start',
  'alarms',
  'devices',
  `devices/${encodeURIComponent(lamp)}`,
  'devices/new',
  'places',
  'rules',
  'flows',
  'sync',
  'trust',
  'people',
  'system',
];

/** One gateway, one house and one browser for all of it: the console is used as an installer would, from the claim on. */
test('each page of the console does its job on a real gateway', async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-console-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const codeFile = join(folder, 'claim-code');
  writeFileSync(codeFile, 'K7QMP2XD');
  const cloud = await startCloud(t);
  const config = { claim: { codeFile }, cloud: cloud.config, flows: { enabled: true } };
  const daemon = await startDaemon(t, { config });
  const origin = `http://127.0.0.1:${daemon.httpPort}`;
  const { page, faults, button, card, says, open } = await openPage(t, browser, origin, {
    viewport: { width: 1440, height: 900 },
  });

  await t.test(
    'the claim code makes the first account of an unclaimed gateway, and leads on to the house',
    async () => {
      await page.goto('/claim');
      await page.getByLabel('Claim code').fill('WRONG');
      await page.getByLabel('Your name').fill('Ann');
      await page.getByLabel('A new password').fill(password);
      await button('Claim').click();
      await says('That is not the claim code of this gateway.');
      await page.getByLabel('Claim code').fill('k7qm-p2xd');
      await button('Claim').click();
      await says('The gateway is yours');
      await page.getByRole('link', { name: 'Go on' }).click();
      await page.getByRole('heading', { level: 1, name: 'Set up the house' }).waitFor();
      await says('Ann, administrator');
    },
  );

  const house = await openHouse({ host: '127.0.0.1', port: daemon.mqttPort, rate: 5 });
  t.after(() => house[Symbol.asyncDispose]());

  await t.test('home says what is fine in one line, and what is wrong with what to do', async () => {
    await open('home');
    await says(/40 devices, all [\d,]+ records accounted for, tuya takes everything/);
    await cloud.fault({ kind: 'refuse', forMs: 600_000 });
    await says(/tuya takes no records/);
    await says('Data waits on the card and is sent when this is over. Nothing is lost.');
    await cloud.clearFaults();
    await page.getByText(/tuya takes no records/).waitFor({ state: 'detached' });
  });

  await t.test('rooms are made from one form, and devices are put into one together', async () => {
    await open('places');
    await button('Make it').click();
    await says('8 places were made.');
    await open('devices');
    await button('Choose several').click();
    await page.getByRole('checkbox', { name: lamp }).check();
    await page.getByRole('checkbox', { name: 'tasmota:0A1B2C3D4E60' }).check();
    await page.getByLabel('Room', { exact: true }).selectOption({ label: 'Home/Ground floor/Flat/Kitchen' });
    await button('Change 2 devices').click();
    const kitchen = card('Home/Ground floor/Flat/Kitchen');
    await kitchen.getByRole('link', { name: lamp }).waitFor();
    assert.equal(await kitchen.getByRole('link').count(), 2);
  });

  await t.test('a device is renamed, switched, and says so itself', async () => {
    await open(`devices/${encodeURIComponent(lamp)}`);
    await page.getByLabel('Name', { exact: true }).fill('Ceiling lamp');
    await button('Save').click();
    await page.getByRole('heading', { level: 1, name: 'Ceiling lamp' }).waitFor();
    const control = card('Control');
    const wasOn = (await control.getByRole('button', { name: 'On' }).getAttribute('aria-pressed')) === 'true';
    await control.getByRole('button', { name: wasOn ? 'Off' : 'On' }).click();
    await says('Done: the device says so itself.');
    await card('Now')
      .getByText(wasOn ? 'off' : 'on', { exact: true })
      .waitFor();
    await card('Commands').getByText('Done').first().waitFor();
  });

  await t.test('a login with its settings lets a new device in, and the page sees it come', async () => {
    await open('devices/new');
    await page.getByLabel('What it is').selectOption('tasmota');
    await page.getByLabel('Name for the login').fill('pantry');
    await button('Make the login').click();
    const settings = await page.getByText(/^Backlog MqttHost 127\.0\.0\.1; /).textContent();
    await page.getByRole('img', { name: 'The same login as a QR code' }).waitFor();
    const given = /MqttPort (\d+); MqttUser (\S+); .* MqttPassword (\S+);/.exec(settings ?? '');
    const [, port, username, secret] = given ?? [];
    assert.equal(Number(port), daemon.mqttPort);
    await using device = Object.assign(
      await connectAsync(`mqtt://127.0.0.1:${port}`, {
        username: username ?? '',
        password: secret ?? '',
        clientId: 'pantry',
      }),
      { [Symbol.asyncDispose]: (): Promise<void> => device.endAsync(true) },
    );
    await device.publishAsync('tele/pantry/STATE', '{"POWER":"ON"}', { qos: 1 });
    await page.getByRole('link', { name: 'tasmota:pantry' }).click();
    await page.getByRole('heading', { level: 1, name: 'tasmota:pantry' }).waitFor();
  });

  await t.test('delivery shows the balance and what became of an outage', async () => {
    await open('sync');
    await says('It balances');
    const row = page.getByRole('table', { name: 'Outages' }).getByRole('row').nth(1);
    await waitUntil('what was captured is delivered', async () => {
      const [captured, delivered] = (await row.getByRole('cell').allTextContents()).slice(4, 6);
      return captured !== '0' && captured === delivered;
    });
  });

  await t.test('plugins show what each may do and what holds it to that', async () => {
    await open('trust');
    const tasmota = card(/^tasmota /);
    await tasmota.getByText('Admitted').waitFor();
    await tasmota.getByText('What it may do, and what holds it to that').click();
    await tasmota.getByRole('cell', { name: '--max-old-space-size' }).waitFor();
  });

  await t.test('an alarm is acknowledged, shelved and commented, and its log says by whom', async () => {
    const token = readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim();
    const alarm = { code: 'frost', subject: lamp, severity: 'high', detail: 'The pipe is at 1 °C.' };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const raised = await fetch(`${origin}/api/v1/alarms`, { method: 'POST', headers, body: JSON.stringify(alarm) });
    assert.equal(raised.status, 200);
    await open('alarms');
    const frost = card('The pipe is at 1 °C.');
    await frost.getByRole('button', { name: 'Acknowledge' }).click();
    await frost.getByText('High, somebody has seen it').waitFor();
    await frost.getByText('Shelve or comment').click();
    await frost.getByLabel('Comment').fill('The valve is shut.');
    await frost.getByRole('button', { name: 'Comment' }).click();
    await frost.getByRole('button', { name: 'Shelve' }).click();
    await frost.getByText(/quiet until/).waitFor();
    await frost.getByText('What was done with it').click();
    await frost.getByText(/commented by person:Ann · The valve is shut\./).waitFor();
  });

  await t.test('a message is followed from the card to its end', async () => {
    await open('start');
    await page.getByLabel('Device to follow').selectOption(lamp);
    await button('Follow its next message').click();
    await says(/^From the card to its end in /);
  });

  await t.test('what was measured is drawn over time, and told in a sentence', async () => {
    await open(`devices/${encodeURIComponent('ha:attic-th')}`);
    await card('Now').getByRole('button', { name: 'Temperature' }).click();
    await page
      .getByRole('img', { name: /^(Between .* and|Always) .* °C, last / })
      .locator('canvas')
      .waitFor();
    await button('1 day').click();
    await page
      .getByRole('img', { name: /Each point stands for/ })
      .or(page.getByRole('img', { name: /last / }))
      .waitFor();
  });

  await t.test('flows are drawn in the editor within the page, and an earlier deploy comes back', async () => {
    await open('flows');
    await card(/^Node-RED/)
      .getByText('running', { exact: true })
      .waitFor();
    const deploy = (label: string) =>
      page.evaluate(
        async ([name, token]) => {
          const answer = await fetch('/api/v1/flows/deploy', {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
            body: JSON.stringify([
              { id: 'a1', type: 'tab', label: name, nodes: [] },
              { id: 'c1', z: 'a1', type: 'comment', name: `said by ${name}`, x: 200, y: 80, wires: [] },
            ]),
          });
          return answer.status;
        },
        [label, readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim()] as const,
      );
    assert.deepEqual([await deploy('first'), await deploy('second')], [200, 200]);
    await page.reload();
    const drawn = page.frameLocator('iframe[title="Node-RED editor"]').locator('#c1');
    await drawn.getByText('said by second').waitFor();
    // What is drawn and not yet deployed lives in the frame alone: it survives a look at another page.
    await drawn.evaluate((node) => node.setAttribute('data-drawn', 'here'));
    await open('sync');
    assert.equal(await drawn.isVisible(), false);
    await open('flows');
    assert.equal(await drawn.getAttribute('data-drawn'), 'here');
    await page.getByText('What was deployed').click();
    const table = page.getByRole('table', { name: 'Deployed flows' });
    const first = table.getByRole('row').nth(2);
    await first.getByRole('button', { name: 'Go back to this' }).click();
    await first.getByRole('button', { name: 'Yes' }).click();
    await table.getByRole('row').nth(3).waitFor();
    await page.getByRole('link', { name: /^Open the editor/ }).waitFor();
  });

  await t.test('a rule is written, tried on what was measured, and switched off', async () => {
    await open('rules');
    const rule = {
      id: 'warm-attic',
      name: 'Warm attic',
      when: { metric: 'temperature', where: { device: 'ha:attic-th' }, above: 60 },
      do: [{ raise: 'heat', text: 'The attic is hot.' }],
    };
    await page.getByLabel('The rule, in JSON').fill('{');
    await button('Check and keep').click();
    await says(/^That is no JSON/);
    await page.getByLabel('The rule, in JSON').fill(JSON.stringify(rule));
    await button('Check and keep').click();
    await says('The rule warm-attic is kept.');
    const attic = card('Warm attic');
    await attic.getByText('Try it on what was measured').click();
    await attic.getByRole('button', { name: 'Try' }).click();
    await attic.getByText(/^It would have acted 0 times\./).waitFor();
    await attic.getByRole('button', { name: 'Switch off' }).click();
    await attic.getByText('switched off').waitFor();
  });

  await t.test('a second person gets an account, signs in, and may not do what an administrator may', async (t) => {
    await open('people');
    await page.getByLabel('Name', { exact: true }).fill('Bob');
    await button('Add').click();
    const said = await page.getByText(/^Bob may sign in with the password /).textContent();
    await page.getByRole('cell', { name: 'Ann, administrator' }).first().waitFor();
    const bobs = (await openPage(t, browser, origin)).page;
    await bobs.goto('/');
    await bobs.getByLabel('Name').fill('Bob');
    await bobs.getByLabel('Password', { exact: true }).fill(/password (\S+)\. /.exec(said ?? '')?.[1] ?? '');
    await bobs.getByRole('button', { name: 'Sign in', exact: true }).click();
    await bobs.getByText('Bob, resident').waitFor();
    await bobs.getByRole('link', { name: 'People' }).click();
    await bobs
      .getByText(/may not do this/)
      .first()
      .waitFor();
    await bobs.getByRole('button', { name: 'Sign out' }).click();
    await bobs.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    // Nobody is asked for nothing: each refusal would stand in the audit log.
    const asked: string[] = [];
    bobs.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await bobs.goto('/');
    await bobs.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.deepEqual(
      asked.filter((path) => path.startsWith('/api/')),
      ['/api/v1/session'],
    );
  });

  await t.test(
    'the system page says until when the release is supported, and that what is developed is none',
    async () => {
      await open('system');
      await card('Versions').getByText('built for development: nobody supports it').waitFor();
    },
  );

  await t.test('the support bundle holds no secret', async () => {
    await open('system');
    const saving = page.waitForEvent('download');
    await button('Save a support bundle').click();
    const bundle = gunzipSync(readFileSync(await (await saving).path())).toString();
    const token = readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim();
    const secret = readFileSync(String(cloud.config.tuya['secretFile']), 'utf8').trim();
    for (const hidden of [token, secret, password]) assert.ok(!bundle.includes(hidden));
    for (const name of ['README.txt', 'doctor.json', 'config.json', 'ledger.json', 'metrics.txt', 'log.jsonl'])
      assert.ok(bundle.includes(`${name}\0`), name);
    assert.match(bundle, /the gateway is ready/);
    await card('Log').getByRole('row').nth(1).waitFor();
  });

  for (const [width, height, colorScheme] of [
    [360, 740, 'dark'],
    [1440, 900, 'light'],
  ] as const) {
    await t.test(`at ${width} px, ${colorScheme}: nothing stands out, and axe finds no serious fault`, async (t) => {
      const look = { viewport: { width, height }, colorScheme, reducedMotion: 'reduce' } as const;
      const storageState = await page.context().storageState();
      const looking = await openPage(t, browser, origin, { ...look, storageState });
      const found: string[] = [];
      for (const way of [...pages, 'sign-in']) {
        await looking.page.goto(`/#/${way}`);
        await looking.page.getByRole('heading', { level: 1 }).waitFor();
        await looking.page.getByText('Asking the gateway').first().waitFor({ state: 'detached' });
        const tooWide = await overflow(looking.page);
        if (tooWide > 0) found.push(`${way}: ${tooWide} px too wide`);
        found.push(...(await seriousFaults(looking.page)).map((fault) => `${way}: ${fault}`));
      }
      assert.deepEqual([...found, ...looking.faults], []);
    });
  }

  await t.test('the keyboard alone goes to a page and into it', async () => {
    await open('home');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
    await says(/records accounted for/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement?.tagName'), 'H1');
    await page.getByRole('link', { name: 'Delivery', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Delivery' }).waitFor();
    assert.equal(await page.evaluate('document.activeElement?.textContent'), 'Delivery');
  });

  await t.test('the first load is at most 120 KB, also where the network is slow', async (t) => {
    const storageState = await page.context().storageState();
    const slow = await openPage(t, browser, origin, { storageState });
    const shape = { latency: 300, downloadThroughput: 50_000, uploadThroughput: 20_000 };
    const network = await slowDown(slow.page, shape);
    await slow.page.goto('/');
    await slow.page.getByText(/records accounted for/).waitFor();
    await network.pagesLoaded;
    const bytes = network.bytes();
    t.diagnostic(`first load ${Math.round(bytes / 1000)} KB`);
    assert.ok(bytes > 10_000 && bytes <= 120_000, `${bytes} bytes`);
  });

  await t.test('a gateway that is gone is said, and the page goes on by itself when it is back', async () => {
    await open('sync');
    await daemon.kill();
    await says('The gateway does not answer.');
    await page.getByText('It balances').waitFor();
    await daemon.start();
    await page.getByText('The gateway does not answer.').waitFor({ state: 'detached' });
  });

  assert.deepEqual(faults, []);
});
