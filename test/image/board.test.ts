import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import { parse, stringify } from 'yaml';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { cannotRun } from '../harness/cannot-run.ts';
import { startCloud, type TestCloud } from '../harness/cloud.ts';
import { assertNothingLost, drained } from '../harness/judge.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { boardTools, builtImage, makeBoard, patienceMs, type Arch, type Board } from './board.ts';
import {
  answersToItsName,
  givesItAnLed,
  handsOn,
  imagersFiles,
  joinsWifi,
  ledState,
  logsIn,
  phone,
} from './first-boot-steps.ts';
import { flowsRunInTheirUnit } from './flows-steps.ts';
import { asksBoard, breaksItsPromise, cutUnderLoad, isFoundOut } from './power-cut-steps.ts';
import { cutWhileOnTrial, cutWhileUnpacking, prepareUpdates, releaseDisk, takesBack, updates } from './update-steps.ts';
import { doorIsHeard, meterIsHeard, meterOnACable, wires } from './wires-steps.ts';

const messages = 200;

/** What of the image's own configuration a prepared one takes over. */
interface Shipped {
  readonly flows: unknown;
}

/** This machine, as the board sees it. */
const here = '10.0.2.2';

for (const arch of ['arm64', 'armhf'] as const) {
  test(`a board with the image for ${arch}`, { timeout: 8 * patienceMs }, async (t) => {
    const image = imageFor(t, arch);
    if (image !== undefined) await live(t, arch, image);
  });
  test(`updates of a board with the image for ${arch}`, { timeout: 8 * patienceMs }, async (t) => {
    const image = imageFor(t, arch);
    if (image !== undefined) await grow(t, arch, image);
  });
}

/** The image and everything to boot it with; else the test says what it lacks. */
function imageFor(t: TestContext, arch: Arch): string | undefined {
  const missing = ensurePrograms(boardTools(arch), (sentence) => t.diagnostic(sentence));
  const image = builtImage(arch);
  const build = `npm run cross-build -- --arch ${arch} --image builds the image`;
  return cannotRun(t, missing?.command ?? (image === undefined ? build : undefined)) ? undefined : image;
}

/** One step of a board's life; what comes after needs it. */
const stepOf =
  (t: TestContext, board: Board) =>
  async (name: string, run: () => Promise<void>): Promise<void> => {
    const start = performance.now();
    let isDone = false;
    await t.test(name, async () => {
      await run();
      isDone = true;
    });
    if (!isDone) throw new Error(`what comes after needs: ${name}\n${board.console().slice(-3_000)}`);
    t.diagnostic(`${name}: ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  };

/** One board from its first boot to the second, after a power cut. */
async function live(t: TestContext, arch: Arch, image: string): Promise<void> {
  const cloud = await startCloud(t);
  const card = imagersFiles(t, arch === 'armhf' ? 'cellar' : undefined);
  const board = await makeBoard(t, image, {
    arch,
    serial: await meterOnACable(t),
    kernel: `modules-load=mac80211_hwsim ${phone.kernel}`,
    files: { ...card.files, ...installersFiles(cloud), ...phone.files },
  });
  const step = stepOf(t, board);
  const figures: Record<string, unknown> = { imageMiB: Math.round(statSync(image).size / 2 ** 20) };
  const acknowledged = new Set<number>();
  const claimed = async (): Promise<unknown> => (await board.fetch('/api/v1/claim')).json();
  let [name, code, token] = ['', '', ''];

  await step('boots: the file system is grown, the board has a name and shows its code', async () => {
    figures['firstBootSeconds'] = await board.boot();
    code = /enter the claim code ([A-Z0-9]{8})/.exec(board.console())?.[1] ?? '';
    assert.notEqual(code, '', board.console());
    name = /open http:\/\/(\S+)\.local:8080/.exec(board.console())?.[1] ?? '';
    assert.match(name, arch === 'armhf' ? /^cellar$/ : /^gw-[0-9a-f]{4}$/);
    assert.match(board.console(), /root file system: 3\.\dG/);
    assert.doesNotMatch(board.console(), /were not|not all of/);
    const active = async (): Promise<boolean> =>
      (await board.run('systemctl is-active multi-user.target || true')) === 'active';
    await waitUntil('the target of systemd', active, patienceMs);
    // Node-RED is started again when the emulation stood still; it has a step of its own.
    assert.equal(await board.run('systemctl --failed --plain --no-legend | grep -v portcullis-flows || true'), '');
    assert.equal(await board.run('ls -A /var/lib/portcullis | grep last-good'), '.portcullis.yaml.last-good');
    // systemd knows its time when nothing of the start is left to do; Node-RED comes after the target.
    figures['guest'] = await board.run(
      'systemctl is-system-running --wait || true; systemd-analyze time; systemctl show portcullis -p MemoryCurrent -p MemoryPeak; free -m',
    );
  });
  await step('answers to its name and its service, which are asked for from the beginning of the boot', () =>
    answersToItsName(board, name),
  );
  await step('refuses devices of the network until it is claimed with its code; its LED tells', async () => {
    await givesItAnLed(board);
    assert.equal(await ledState(board), 'timer 1000 1000');
    assert.deepEqual(await claimed(), { claimed: false });
    // Without a second try: the connection is ended at once.
    await assert.rejects(connectAsync(`mqtt://127.0.0.1:${board.mqttPort}`, { reconnectPeriod: 0 }, false));
    const body = { code, account: { name: 'Ada', password: 'quiet-valve-9' } };
    const answer = await board.fetch('/api/v1/claim', { body });
    token = ((await answer.json()) as { adminToken: string }).adminToken;
    assert.ok(token.length > 20);
    await waitUntil('the LED to shine', async () => (await ledState(board)).startsWith('none '), patienceMs);
    assert.notEqual(await ledState(board), 'none 0');
  });
  await step("brings a device's messages to the cloud", async () => {
    figures['publishSeconds'] = await publish(board.mqttPort, acknowledged);
  });
  await step('runs Node-RED in its own unit, behind its login', async () => {
    figures['flowsMiB'] = await flowsRunInTheirUnit(board, token);
    figures['guestWithFlows'] = await board.run(
      'systemctl show portcullis portcullis-flows -p MemoryCurrent -p MemoryPeak; free -m',
    );
  });
  await step('lets the user of the card in by key', () => logsIn(board, card.privateKey));
  await step('joins the Wi-Fi of the card', () => joinsWifi(board));
  await step('reads a meter on a USB adapter', () => meterIsHeard(cloud));
  if (arch === 'arm64') await step('hears a contact on its header', () => doorIsHeard(board, cloud));
  const asked = { api: asksBoard(board, token) };
  await step('loses nothing acknowledged when its power is cut under load', async () => {
    for (const n of await cutUnderLoad(board, cloud, 1_000_000)) acknowledged.add(n);
    assert.equal(board.readCard('claim-code.txt').trim(), code);
    assert.doesNotMatch(board.listCard(''), /user-data|network-config/);
    assert.doesNotMatch(board.listCard('secrets'), /tuya/);
    figures['laterBootSeconds'] = await board.boot();
    assert.deepEqual(await claimed(), { claimed: true });
    await drained(asked, patienceMs);
    await assertNothingLost(asked, cloud, acknowledged);
    figures['acknowledged'] = acknowledged.size;
  });
  await step('is found out when it says too early that a message is on its card', async () => {
    await breaksItsPromise(board);
    const told = await cutUnderLoad(board, cloud, 2_000_000);
    await board.boot();
    figures['control'] = { acknowledged: told.size, lost: await isFoundOut(asked, cloud, told) };
  });
  await step('is handed on: nobody has claimed it, and another code opens it', async () => {
    const another = await handsOn(board);
    assert.notEqual(another, code);
    assert.deepEqual(await claimed(), { claimed: false });
    const body = { code: another, account: { name: 'Grace', password: 'loud-valve-10' } };
    assert.equal((await board.fetch('/api/v1/claim', { body: { ...body, code } })).ok, false);
    assert.equal((await board.fetch('/api/v1/claim', { body })).ok, true);
  });
  t.diagnostic(JSON.stringify(figures, null, 1));
}

/** One board, as nobody prepared it, through its updates. */
async function grow(t: TestContext, arch: Arch, image: string): Promise<void> {
  const releases = releaseDisk(t, arch);
  const board = await makeBoard(t, image, { arch, disk: releases.file, files: {} });
  const step = stepOf(t, board);
  await step('boots', async () => {
    await board.boot();
    await prepareUpdates(board, releases.key);
  });
  await step('runs the old release when the power goes while a new one is unpacked', () => cutWhileUnpacking(board));
  await step('keeps a signed release that is well', () => updates(board));
  await step('takes a broken one back', () => takesBack(board));
  await step('settles a trial that a power cut ended', () => cutWhileOnTrial(board));
}

function installersFiles({ cloud, config }: TestCloud): Record<string, string> {
  const credentials = '/run/credentials/portcullis.service/secret_';
  const shipped = parse(
    readFileSync(join(import.meta.dirname, '../../systemd/image/portcullis.yaml'), 'utf8'),
  ) as Shipped;
  const tuya = { ...config.tuya, endpoint: cloud.url.replace('127.0.0.1', here) };
  return {
    'secrets/tuya': readFileSync(cloud.secretFile, 'utf8'),
    'secrets/ca': cloud.ca,
    'portcullis.yaml': stringify({
      dataDir: '/var/lib/portcullis',
      claim: { codeFile: `${credentials}claim` },
      mqtt: { host: '0.0.0.0', anonymous: true },
      http: { host: '0.0.0.0' },
      flows: shipped.flows,
      cloud: { tuya: { ...tuya, secretFile: `${credentials}tuya`, ca: `${credentials}ca` } },
      ...wires,
    }),
  };
}

/** One device, one message after the other; gives back the seconds. */
async function publish(port: number, acknowledged: Set<number>): Promise<number> {
  const device = await connectAsync({ host: '127.0.0.1', port, clientId: 'fault-first' });
  const start = performance.now();
  for (let n = 0; n < messages; n += 1) {
    await device.publishAsync('fault/first/state', JSON.stringify({ n, temperature: 20 }), { qos: 1 });
    acknowledged.add(n);
  }
  await device.endAsync();
  return (performance.now() - start) / 1_000;
}
