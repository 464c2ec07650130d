import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { stringify } from 'yaml';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { cannotRun } from '../harness/cannot-run.ts';
import { startCloud, type TestCloud } from '../harness/cloud.ts';
import { assertNothingLost } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { boardTools, builtImage, makeBoard, patienceMs, type Arch } from './board.ts';
import { answersToItsName, givesItAnLed, imagersFiles, joinsWifi, ledState, logsIn } from './first-boot-steps.ts';
import { cutWhileOnTrial, cutWhileUnpacking, prepareUpdates, releaseDisk, takesBack, updates } from './update-steps.ts';
import { doorIsHeard, meterIsHeard, meterOnACable, wires } from './wires-steps.ts';

const messages = 200;
/** This machine, as the board sees it. */
const here = '10.0.2.2';

for (const arch of ['arm64', 'armhf'] as const)
  test(`a board with the image for ${arch}`, { timeout: 8 * patienceMs }, async (t) => {
    const missing = ensurePrograms(boardTools(arch), (sentence) => t.diagnostic(sentence));
    const image = builtImage(arch);
    const build = `npm run cross-build -- --arch ${arch} --image builds the image`;
    if (cannotRun(t, missing?.command ?? (image === undefined ? build : undefined)) || image === undefined) return;
    await live(t, arch, image);
  });

/** One board from its first boot to its last update; each step needs the one before. */
async function live(t: TestContext, arch: Arch, image: string): Promise<void> {
  const cloud = await startCloud(t);
  const card = imagersFiles(t, arch === 'armhf' ? 'cellar' : undefined);
  const releases = releaseDisk(t, arch);
  const board = await makeBoard(t, image, {
    arch,
    serial: await meterOnACable(t),
    disk: releases.file,
    kernel: 'modules-load=mac80211_hwsim',
    files: { ...card.files, ...installersFiles(cloud) },
  });
  const step = async (name: string, run: () => Promise<void>): Promise<void> => {
    const start = performance.now();
    let isDone = false;
    await t.test(name, async () => {
      await run();
      isDone = true;
    });
    if (!isDone) throw new Error(`what comes after needs: ${name}\n${board.console().slice(-3_000)}`);
    t.diagnostic(`${name}: ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  };
  const figures: Record<string, unknown> = { imageMiB: Math.round(statSync(image).size / 2 ** 20) };
  const acknowledged = new Set<number>();
  let name = '';
  let code = '';

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
    assert.equal(await board.run('systemctl --failed --plain --no-legend'), '');
    figures['guest'] = await board.run(
      'systemd-analyze time; systemctl show portcullis -p MemoryCurrent -p MemoryPeak; free -m',
    );
  });
  await step('refuses devices of the network until it is claimed with its code; its LED tells', async () => {
    await givesItAnLed(board);
    assert.equal(await ledState(board), 'timer 1000 1000');
    assert.deepEqual(await board.api('/api/v1/claim'), { claimed: false });
    // Without a second try: the connection is ended at once.
    await assert.rejects(connectAsync(`mqtt://127.0.0.1:${board.mqttPort}`, { reconnectPeriod: 0 }, false));
    const { adminToken } = await board.api<{ adminToken: string }>('/api/v1/claim', { code });
    assert.ok(adminToken.length > 20);
    await waitUntil('the LED to shine', async () => (await ledState(board)).startsWith('none '), patienceMs);
    assert.notEqual(await ledState(board), 'none 0');
  });
  await step("brings a device's messages to the cloud", async () => {
    figures['publishSeconds'] = await publish(board.mqttPort, acknowledged);
  });
  await step('lets the user of the card in by key', () => logsIn(board, card.privateKey));
  await step('joins the Wi-Fi of the card', () => joinsWifi(board));
  await step('answers to its name and its service', () => answersToItsName(board, name));
  await step('reads a meter on a USB adapter', () => meterIsHeard(cloud));
  if (arch === 'arm64') await step('hears a contact on its header', () => doorIsHeard(board, cloud));
  await step('loses nothing acknowledged when its power is cut under load', async () => {
    const publisher = await startPublisher({ port: board.mqttPort, devices: 4, from: 1_000_000 });
    await sleep(5_000);
    await board.cutPower();
    await publisher.stop();
    for (const n of publisher.acknowledged) acknowledged.add(n);
    assert.equal(board.readCard('claim-code.txt').trim(), code);
    assert.doesNotMatch(board.listCard(''), /user-data|network-config/);
    assert.doesNotMatch(board.listCard('secrets'), /tuya/);
    figures['laterBootSeconds'] = await board.boot();
    assert.deepEqual(await board.api('/api/v1/claim'), { claimed: true });
    await assertNothingLost(board, cloud, acknowledged);
    figures['acknowledged'] = acknowledged.size;
  });
  await prepareUpdates(board, releases.key);
  await step('runs the old release when the power goes while a new one is unpacked', () => cutWhileUnpacking(board));
  await step('keeps a signed release that is well', () => updates(board));
  await step('takes a broken one back', () => takesBack(board));
  await step('settles a trial that a power cut ended', () => cutWhileOnTrial(board));
  t.diagnostic(JSON.stringify(figures, null, 1));
}

function installersFiles({ cloud, config }: TestCloud): Record<string, string> {
  const credentials = '/run/credentials/portcullis.service/secret_';
  const tuya = { ...config.tuya, endpoint: cloud.url.replace('127.0.0.1', here) };
  return {
    'secrets/tuya': readFileSync(cloud.secretFile, 'utf8'),
    'secrets/ca': cloud.ca,
    'portcullis.yaml': stringify({
      dataDir: '/var/lib/portcullis',
      claim: { codeFile: `${credentials}claim` },
      mqtt: { host: '0.0.0.0', anonymous: true },
      http: { host: '0.0.0.0' },
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
