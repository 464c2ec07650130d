import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import type { Alarm } from '../../contracts/alarms.ts';
import type { ShownNotice } from '../../contracts/contacts.ts';
import type { Measurement } from '../../contracts/message.ts';
import { inspectBuffer } from '../../gateway/buffer/inspect.ts';
import { alarmCommand } from '../../gateway/cli/alarm.ts';
import { contactCommand } from '../../gateway/cli/contact.ts';
import { groupCommand } from '../../gateway/cli/group.ts';
import { placeCommand } from '../../gateway/cli/place.ts';
import { ownCertificate } from '../../gateway/lib/own-certificate.ts';
import { commandLine } from '../harness/command-line.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { freePort } from '../harness/free-port.ts';
import { startHook } from '../harness/hook.ts';
import { post } from '../harness/post.ts';
import { startSmtp } from '../harness/smtp.ts';
import { waitUntil } from '../harness/wait-until.ts';

/** Files that a configuration names, and a certificate for the mail server. */
async function secrets(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-notify-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const certificate = await ownCertificate(folder, 'mail', Date.now());
  return {
    certificate,
    password: file('password', 'secret'),
    ca: file('ca.pem', certificate.cert),
  };
}

const raise = (daemon: Daemon, code: string, more: object = {}): Promise<Alarm> =>
  post(daemon, '/api/v1/alarms', { code, subject: 'boiler', severity: 'high', detail: 'It is wrong.', ...more });
const alarmsIn = async (daemon: Daemon, query = ''): Promise<Alarm[]> =>
  (await daemon.api<{ alarms: Alarm[] }>(`/api/v1/alarms${query}`)).alarms;

test('people of the area are told by mail, webhook and MQTT, handle it on the command line, and a restart keeps it', async (t) => {
  const { certificate, password, ca } = await secrets(t);
  const smtp = await startSmtp(t, { certificate });
  const hook = await startHook(t);
  const mail = { kind: 'email', host: '127.0.0.1', port: smtp.port, from: 'gw@example.org', user: 'gateway' };
  const channels = {
    mail: { ...mail, passwordFile: password, ca },
    hook: hook.channel,
    bus: { kind: 'mqtt', topic: 'house/alarms' },
  };
  const daemon = await startDaemon(t, { config: { notify: { channels } } });
  const say = commandLine(t, daemon);
  await say(placeCommand(), 'add', 'Mill/Ground/East/Kitchen');
  await say(groupCommand(), 'add', 'Facility', '--member', 'Ann', '--area', 'Mill/Ground/East');
  await say(contactCommand(), 'set', 'Ann', '--way', 'mail:ann@example.org', 'bus:ann');
  await say(contactCommand(), 'set', 'Facility', '--way', 'hook', '--escalate', '15:Managers');
  assert.match(await say(contactCommand(), 'list'), /^Ann\tmail:ann@example.org, bus:ann\t/);
  const ear = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort, clientId: 'ear' });
  t.after(() => ear.endAsync(true));
  const heard: string[] = [];
  ear.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`));
  await ear.subscribeAsync('house/alarms/#', { qos: 1 });

  const { places } = await daemon.api<{ places: { id: string; kind: string }[] }>('/api/v1/places');
  const kitchen = places.find(({ kind }) => kind === 'room')?.id;
  const { id } = await raise(daemon, 'LEAK', { place: kitchen });
  const other = await raise(daemon, 'DAMP', { subject: 'wall', place: kitchen });
  await Promise.all([smtp.has(1), hook.has(2), waitUntil('a message', () => heard.length >= 2)]);
  assert.match(smtp.mails.join('\n'), /HIGH LEAK at Mill\/Ground\/East\/Kitchen/);
  assert.match(heard.join('\n'), /^house\/alarms\/ann .*"code":"LEAK"/);

  assert.match(
    await say(alarmCommand(), 'ack', id.slice(0, 8), '--note', 'on my way'),
    /LEAK of boiler is acknowledged/,
  );
  assert.match(await say(alarmCommand(), 'shelve', other.id, '60'), /DAMP of wall is raised, shelved until/);
  assert.equal(await say(alarmCommand(), 'shelve', other.id, '0'), 'DAMP of wall is off the shelf; it is raised.');
  await say(alarmCommand(), 'shelve', other.id, '60');
  assert.equal(
    await say(alarmCommand(), 'comment', id, 'The valve is shut.'),
    'The comment is in the log of LEAK of boiler.',
  );
  assert.match(await say(alarmCommand(), 'show', id), /LEAK\tboiler\tMill\/Ground\/East\/Kitchen\t1x/);
  assert.match(await say(alarmCommand(), 'list', '--place', 'Mill'), /LEAK\tboiler\tMill\/Ground\/East\/Kitchen\t1x/);
  const before = await alarmsIn(daemon);
  const told = await say(alarmCommand(), 'test', '--place', 'Mill/Ground/East');
  assert.deepEqual(told.split('\n').toSorted(), ['Ann\tbus\tsent\t-', 'Ann\tmail\tsent\t-', 'Facility\thook\tsent\t-']);
  assert.equal(process.exitCode, undefined);
  const metrics = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
  assert.match(metrics, /portcullis_notifications_total\{channel="hook",outcome="sent"\} 3/);
  assert.match(metrics, /portcullis_alarms_open\{severity="high",state="acknowledged"\} 1/);

  await daemon.stop();
  using buffer = inspectBuffer(daemon.dataDir);
  const messages = [...buffer.records()].map(({ record }) => record as Measurement).filter(({ alarm }) => alarm);
  assert.ok(messages.length >= 5);
  assert.ok(messages.every(({ kind }) => kind === 'alarm'));
  assert.equal(messages.find(({ alarm }) => alarm?.code === 'LEAK')?.place?.room, 'Kitchen');
  await daemon.start();
  const after = await alarmsIn(daemon);
  const shown = (all: readonly Alarm[]) =>
    all.map(({ id, state, acknowledgedBy, shelvedBy }) => [id, state, acknowledgedBy, shelvedBy]);
  assert.deepEqual(shown(after), shown(before));
  const [, shelved] = after;
  assert.ok(shelved?.shelvedUntil !== undefined && shelved.shelvedUntil > Date.now());
  assert.doesNotMatch(daemon.printed(), /whsec_|secret/);
});

/** Raises an alarm that kills the gateway, and starts it again. */
async function killedBy(daemon: Daemon, code: string, next: string): Promise<void> {
  const death = daemon.ended();
  // The answer may come before the death.
  await raise(daemon, code).catch(() => undefined);
  await death;
  await daemon.start({ PORTCULLIS_BREAK: next });
}

test('a gateway that settles a notification before it is sent is found out', async (t) => {
  const hook = await startHook(t);
  const daemon = await startDaemon(t, {
    config: { notify: { fallback: ['Bob'], channels: { hook: hook.channel } } },
    env: { PORTCULLIS_BREAK: 'settle-before-ack,die-at-notify@LEAK' },
  });
  await post(daemon, '/api/v1/contacts', { name: 'Bob', ways: [{ channel: 'hook' }] });
  await killedBy(daemon, 'LEAK', '');
  await raise(daemon, 'FIRE');
  await hook.has(1);
  assert.match(hook.taken[0] ?? '', /raised FIRE$/, 'nobody was told of the leak');
});

test('killed between commit and send, and between send and its settlement, everybody is told, with the same id', async (t) => {
  const { certificate, password, ca } = await secrets(t);
  const hook = await startHook(t);
  const port = await freePort();
  const mail = { kind: 'email', host: '127.0.0.1', port, from: 'gw@example.org', user: 'gateway' };
  const channels = {
    mail: { ...mail, passwordFile: password, ca },
    hook: hook.channel,
  };
  const notify = { fallback: ['Ann', 'Bob'], channels };
  const daemon = await startDaemon(t, { config: { notify }, env: { PORTCULLIS_BREAK: 'die-at-notify@LEAK' } });
  await post(daemon, '/api/v1/contacts', { name: 'Bob', ways: [{ channel: 'hook' }] });
  await killedBy(daemon, 'LEAK', 'die-at-notified@FIRE');
  await hook.has(1);
  assert.match(hook.taken[0] ?? '', /raised LEAK$/);
  await killedBy(daemon, 'FIRE', '');
  await hook.has(3);
  assert.match(hook.taken[1] ?? '', /raised FIRE$/);
  assert.equal(hook.taken[2], hook.taken[1]);
  assert.deepEqual(
    (await alarmsIn(daemon)).map(({ code, state }) => [code, state]),
    [
      ['LEAK', 'raised'],
      ['FIRE', 'raised'],
    ],
  );

  // The mail server is away; the other channel does not wait for it.
  await post(daemon, '/api/v1/contacts', { name: 'Ann', ways: [{ channel: 'mail', to: 'ann@example.org' }] });
  await raise(daemon, 'GAS');
  await hook.has(4);
  await waitUntil('the reason why nobody is told', async () => {
    const { notifications } = await daemon.api<{ notifications: ShownNotice[] }>('/api/v1/notifications?limit=2');
    return notifications.some(
      ({ channel, state, error }) => channel === 'mail' && state === 'waiting' && error !== undefined,
    );
  });
  const smtp = await startSmtp(t, { certificate, port });
  await smtp.has(1);
  assert.match(smtp.mails[0] ?? '', /HIGH GAS/);
  await waitUntil('nothing to wait', async () => {
    const { notifications } = await daemon.api<{ notifications: ShownNotice[] }>('/api/v1/notifications');
    return notifications.every(({ state }) => state !== 'waiting');
  });
  assert.equal(hook.taken.length, 4);
});
