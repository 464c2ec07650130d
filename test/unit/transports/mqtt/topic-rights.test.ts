import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesFilter } from '../../../../gateway/lib/topic-filter.ts';
import { shippedProfiles, type Profile } from '../../../../gateway/transports/mqtt/profiles.ts';
import { isWide, rootsOf, TopicRights } from '../../../../gateway/transports/mqtt/topic-rights.ts';
import { fuzzRuns } from '../../../fuzz/mutate.ts';
import { Outcomes } from '../../../fuzz/outcomes.ts';
import { connectClient, grantedQos, startBroker, toldReasons, until } from './broker.ts';

const level = fc.constantFrom('a', 'b', '', '$SYS', 'dev');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'));

const rights = (publish: string[], subscribe: string[], clientId = 'dev'): TopicRights =>
  new TopicRights({ name: 'p', publish, subscribe, retain: true }, clientId, new Set());

test('an allowed subscription never matches a topic that may not be received', (t) => {
  const outcomes = new Outcomes<'refused' | 'allowed and silent' | 'allowed and received'>();
  const allowed = fc.array(fc.oneof(filter, fc.constant('%c/#')), { maxLength: 3 });
  fc.assert(
    fc.property(allowed, filter, topic, (subscribe, wanted, topic) => {
      const of = rights([], subscribe);
      const [isAllowed, isMatched] = [of.maySubscribe(wanted), matchesFilter(wanted, topic)];
      if (isAllowed && isMatched) assert.ok(of.mayReceive(topic));
      if (topic.startsWith('$SYS')) assert.ok(!of.mayReceive(topic));
      outcomes.add(isAllowed ? (isMatched ? 'allowed and received' : 'allowed and silent') : 'refused');
    }),
    { numRuns: fuzzRuns(20_000) },
  );
  outcomes.print(t);
  assert.ok(outcomes.of('refused') > 0 && outcomes.of('allowed and received') > 0, 'both ends are reached');
});

test('exactly the topics that a publish filter matches may be published, and never $SYS', (t) => {
  const outcomes = new Outcomes<'let in' | 'refused'>();
  fc.assert(
    fc.property(fc.array(filter, { maxLength: 3 }), topic, (publish, topic) => {
      const isAllowed = !topic.startsWith('$SYS') && publish.some((one) => matchesFilter(one, topic));
      assert.equal(rights(publish, []).mayPublish(topic), isAllowed);
      outcomes.add(isAllowed ? 'let in' : 'refused');
    }),
    { numRuns: fuzzRuns(20_000) },
  );
  outcomes.print(t);
  assert.ok(outcomes.of('let in') > 0 && outcomes.of('refused') > 0, 'both ends are reached');
});

test('a client id with wildcards or separators opens nothing', () => {
  for (const clientId of ['#', '+', 'a/#', '', '$SYS']) {
    const of = rights(['%c/#', 'devices/%c'], ['%c/#', '%c'], clientId);
    for (const topic of ['a', 'a/b', 'devices/x', clientId, `${clientId}/x`, `devices/${clientId}`]) {
      assert.ok(!of.mayPublish(topic) && !of.maySubscribe(topic), `${clientId} ${topic}`);
    }
  }
});

test('shared subscriptions are refused, whatever the profile', () => {
  assert.ok(!rights([], ['#', '$share/#']).maySubscribe('$share/g/a'));
});

test('every shipped profile keeps a device out of another device, whatever it calls itself', () => {
  const roots = rootsOf(shippedProfiles);
  assert.ok(roots.has('shellies') && roots.has('cmnd') && !roots.has('%c'));
  const others = ['other', 'other/x', 'tele/other/STATE', 'shellies/other/relay/0', 'devices/other/x'];
  const commands = ['cmnd/other/POWER', 'shellies/other/relay/0/command', 'esphome/other/x', 'stat/other/RESULT'];
  for (const profile of shippedProfiles.filter(({ name }) => !['zigbee2mqtt', 'reader'].includes(name))) {
    for (const clientId of ['mine', ...roots]) {
      const of = new TopicRights(profile, clientId, roots);
      for (const topic of [...others, ...commands]) {
        assert.ok(!of.mayPublish(topic) && !of.mayReceive(topic), `${clientId}, ${profile.name} ${topic}`);
      }
      assert.ok(!of.maySubscribe('#'));
    }
  }
});

test('a profile is wide when a topic of it is neither the device’s own nor one where its kind announces itself', () => {
  const wide = shippedProfiles.filter(isWide).map(({ name }) => name);
  assert.deepEqual(wide, ['zigbee2mqtt', 'reader']);
  const made = (...publish: string[]): Profile => ({ name: 'made', publish, subscribe: [], retain: true });
  for (const narrow of [made('acme/%c/#'), made('%c/state', 'shellies/announce'), made('tasmota/discovery/+/config')])
    assert.ok(!isWide(narrow), narrow.publish.join());
  for (const other of ['#', 'acme/#', 'acme/%c/#,acme/all', 'tasmota/#', 'shellies/+', '+/+'])
    assert.ok(isWide(made(...other.split(','))), other);
});

test('a Shelly may answer where the commands of its codec say, and nobody else may', () => {
  const source = /src = '(\w+)'/.exec(readFileSync('plugins/shelly/commands.ts', 'utf8'))?.[1] ?? '';
  for (const profile of shippedProfiles) {
    const of = new TopicRights(profile, 'plus1', rootsOf(shippedProfiles));
    assert.equal(of.mayPublish(`${source}/rpc`), profile.name === 'shelly', profile.name);
  }
});

test('a client id that topics of many devices begin with gets no login of a profile that gives it all of them', async (t) => {
  const { transport } = await startBroker(t, {
    profiles: [{ name: 'acme', publish: ['acme/%c/#'], subscribe: [], retain: true }],
  });
  for (const user of ['shellies', 'acme']) {
    await assert.rejects(
      transport.logins.addCredential({ user, profile: 'esphome' }),
      { code: 'COMMAND_INVALID' },
      user,
    );
    await transport.logins.addCredential({ user, profile: 'acme' });
  }
});

test('the broker refuses what the rights refuse, also a denied filter beside an allowed one after a reconnect', async (t) => {
  const broker = await startBroker(t, {
    profiles: [{ name: 'half', publish: ['in/%c'], subscribe: ['open/#'], retain: false }],
  });
  await broker.transport.logins.addCredential({ user: 'half', profile: 'half', password: 'p' });
  const options = { clientId: 'half', username: 'half', password: 'p', clean: false };
  const half = await connectClient(t, broker.port, options);
  const filters = ['open/a', 'secret/a', '#', '$SYS/#', '$share/g/open/a'];
  assert.deepEqual(await grantedQos(half, filters), [1, 128, 128, 128, 128]);
  await half.endAsync();
  const publisher = await connectClient(t, broker.port);
  await publisher.publishAsync('secret/a', 'x', { qos: 1 });
  await publisher.publishAsync('open/a', 'y', { qos: 1 });
  assert.equal(broker.store.count('mqtt_subscriptions'), 1);
  assert.equal(broker.store.count('mqtt_queue'), 1);

  const reasons = toldReasons(t);
  const again = await connectClient(t, broker.port, options);
  again.publish('in/other', 'x', { qos: 1 });
  await until(() => !again.connected);
  assert.equal(reasons.get('publish-denied'), 1);
  assert.ok(!broker.store.ingested.some(({ topic }) => topic === 'in/other'));
});

test('nobody writes to $SYS', async (t) => {
  const broker = await startBroker(t);
  const victim = await connectClient(t, broker.port, { clientId: 'victim' });
  const attacker = await connectClient(t, broker.port);
  attacker.publish('$SYS/x/new/clients', 'victim', { qos: 1 });
  await until(() => !attacker.connected);
  assert.ok(victim.connected);
  assert.equal(broker.store.ingested.length, 0);
});

test('a retained flag without the right to it is dropped, a will without the right to its topic is refused', async (t) => {
  const broker = await startBroker(t, {
    profiles: [{ name: 'plain', publish: ['in/%c'], subscribe: [], retain: false }],
  });
  await broker.transport.logins.addCredential({ user: 'd', profile: 'plain', password: 'p' });
  const options = { clientId: 'd', username: 'd', password: 'p' };
  const device = await connectClient(t, broker.port, options);
  await device.publishAsync('in/d', 'x', { qos: 1, retain: true });
  assert.equal(broker.transport.stats().retained, 0);
  const will = { topic: 'in/other', payload: Buffer.from('x'), qos: 1, retain: false } as const;
  await assert.rejects(connectClient(t, broker.port, { ...options, will }));
});
