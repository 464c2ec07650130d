import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { deviceWindow, openMs, type Knock } from '../../../../gateway/transports/mqtt/device-window.ts';
import { shippedProfiles } from '../../../../gateway/transports/mqtt/profiles.ts';
import { handClock } from '../../buffer/buffer-fixture.ts';
import { connectRaw, startBroker, type TestBroker } from './broker.ts';
import { connectPacket } from './packets.ts';

const knock = (user: string, more: Partial<Knock> = {}): Knock => ({
  user,
  clientId: user,
  address: '192.168.1.9',
  password: 'long enough',
  will: undefined,
  ...more,
});

function opened() {
  const clock = handClock();
  const window = deviceWindow(clock, shippedProfiles);
  window.open();
  return { clock, window };
}

test('nobody waits at a closed window, and it closes by itself and forgets', () => {
  const { clock, window } = opened();
  assert.equal(window.knock(knock('lamp')), true);
  const [id = ''] = window.waiting().map((one) => one.id);
  assert.equal(window.closesInMs(), openMs);
  clock.advance(openMs);
  assert.deepEqual([window.closesInMs(), window.waiting(), window.find(id)], [undefined, [], undefined]);
  assert.equal(window.knock(knock('lamp')), false);
  window.open();
  assert.deepEqual(window.waiting(), []);
  window.close();
});

test('what waits is bounded, in all and per address, and a device that tries again is one', () => {
  const { window } = opened();
  assert.equal(window.knock(knock('lamp')), true);
  assert.equal(window.knock(knock('lamp')), true);
  assert.equal(window.waiting().length, 1);
  const from = (address: string) =>
    Array.from({ length: 6 }, (_, n) => window.knock(knock(`${address}-${n}`, { address }))).filter(Boolean).length;
  assert.deepEqual(['a', 'b', 'c', 'd', 'e', 'f'].map(from), [4, 4, 4, 4, 3, 0]);
  for (const odd of [knock('a/b'), knock('x', { clientId: '#' }), knock('short', { password: 'seven77' })]) {
    assert.equal(window.knock({ ...odd, address: 'g' }), false);
  }
  window.close();
});

test('the last will says what kind of device it is, and no password is shown', () => {
  const { window } = opened();
  const wills = [
    ['tasmota', 'tele/d1/LWT'],
    ['shelly', 'shellies/d1/online'],
    ['esphome', 'd1/status'],
    ['zigbee2mqtt', 'zigbee2mqtt/bridge/state'],
    [undefined, 'somewhere/else'],
  ] as const;
  for (const [n, [, will]] of wills.entries()) window.knock(knock('d1', { address: `${n}`, will }));
  const guesses = window.waiting().map(({ profile }) => profile);
  assert.deepEqual(guesses, ['tasmota', 'shelly', 'esphome', 'zigbee2mqtt', null]);
  assert.ok(!JSON.stringify(window.waiting()).includes('long enough'));
  window.close();
});

async function connack(t: TestContext, { port }: TestBroker, user: string, password: string): Promise<number> {
  const client = await connectRaw(t, port);
  client.send(connectPacket({ clientId: user, username: user, password: Buffer.from(password) }));
  return (await client.receive(4))[3] ?? -1;
}

test('a device that nobody knows gets in after a person let it in, with the password that it has', async (t) => {
  const broker = await startBroker(t, { anonymous: false });
  const { deviceWindow: desk } = broker.transport;
  await broker.transport.logins.addCredential({ user: 'known', profile: 'generic', password: 'right' });
  assert.equal(await connack(t, broker, 'lamp', 'its own password'), 5);
  assert.deepEqual(desk.show().waiting, [], 'closed');
  desk.open();
  // More tries than a guesser has: a device that waits is no guesser.
  for (let n = 0; n < 7; n++) assert.equal(await connack(t, broker, 'lamp', 'its own password'), 5);
  assert.equal(await connack(t, broker, 'known', 'wrong password'), 5);
  const { waiting } = desk.show();
  assert.deepEqual(
    waiting.map(({ user }) => user),
    ['lamp'],
    'a wrong password of a known name is no new device',
  );
  await assert.rejects(desk.letIn('somebody', 'generic'), { code: 'NOT_FOUND' });
  await desk.letIn(waiting[0]?.id ?? '', 'generic');
  assert.deepEqual(desk.show().waiting, []);
  assert.equal(await connack(t, broker, 'lamp', 'another password'), 5);
  assert.equal(await connack(t, broker, 'lamp', 'its own password'), 0);
});
