import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { connectClient, startBroker, until } from '../unit/transports/mqtt/broker.ts';
import { connectPacket, pingreq, publishPacket, pubrel, subscribe } from '../unit/transports/mqtt/packets.ts';
import { fuzzRuns, mutated } from './mutate.ts';
import { Outcomes } from './outcomes.ts';

const after: readonly Buffer[] = [
  subscribe('fuzz/#', 1),
  subscribe('+/+/state', 2),
  publishPacket({ topic: 'fuzz/a', payload: 'zero' }),
  publishPacket({ topic: 'fuzz/ä', payload: 'one', qos: 1, messageId: 2 }),
  publishPacket({ topic: 'fuzz/kept', payload: 'kept', qos: 1, messageId: 3, retain: true }),
  publishPacket({ topic: 'fuzz/b', payload: 'two', qos: 2, messageId: 4 }),
  pubrel(4),
  generate({ cmd: 'puback', messageId: 1 }),
  generate({ cmd: 'unsubscribe', messageId: 5, unsubscriptions: ['fuzz/#'] }),
  pingreq,
  generate({ cmd: 'disconnect' }),
];
const will = { topic: 'fuzz/gone', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
const greetings: readonly Buffer[] = [
  connectPacket({ clientId: 'fuzz' }),
  connectPacket({ clientId: 'fuzz', clean: false }),
  connectPacket({ clientId: '', clean: true, will }),
  connectPacket({ clientId: 'fuzz5', protocolVersion: 5 }),
];

/** What a client says, in any order after its greeting; whole sessions are rare among the mutated ones. */
const session = fc
  .tuple(fc.constantFrom(...greetings), fc.shuffledSubarray([...after], { minLength: 1 }))
  .map(([greeting, packets]) => Buffer.concat([greeting, ...packets]));
/** The greeting as it should be, so that what follows is read at all. */
const greeted = fc
  .tuple(
    fc.constantFrom(...greetings),
    mutated(fc.shuffledSubarray([...after], { minLength: 1 }).map((all) => Buffer.concat(all))),
  )
  .map((parts) => Buffer.concat(parts));

/** Speaks to the broker in pieces, and goes. Says whether the broker hung up first. */
async function speak(port: number, bytes: Buffer, cut: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  const gone = once(socket, 'close');
  let isHungUp = false;
  socket.on('end', () => (isHungUp = true)).resume();
  await Promise.race([once(socket, 'connect'), gone]);
  socket.write(bytes.subarray(0, cut % bytes.length));
  await new Promise(setImmediate);
  socket.write(bytes.subarray(cut % bytes.length));
  await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5))]);
  if (!socket.destroyed) socket.destroy();
  await gone;
  return isHungUp;
}

test('mutated sessions never hurt the broker, another client or what is stored', async (t) => {
  const { port, store } = await startBroker(t);
  const bystander = await connectClient(t, port, { clientId: 'bystander' });
  const outcomes = new Outcomes<'sessions ended by the broker' | 'let go on'>();
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated(session), greeted), fc.nat(), async (bytes, cut) => {
      outcomes.add((await speak(port, bytes, cut)) ? 'sessions ended by the broker' : 'let go on');
      if (outcomes.cases % 20 === 0) await bystander.publishAsync('house/lamp', 'on', { qos: 1 });
    }),
    { numRuns: fuzzRuns(200) },
  );
  await bystander.publishAsync('house/end', 'x', { qos: 1 });
  outcomes.print(t);
  t.diagnostic(`${store.ingested.length} messages stored`);
  assert.ok(outcomes.of('sessions ended by the broker') > 0 && outcomes.of('let go on') > 0);
  for (const { topic } of store.ingested) assert.doesNotMatch(topic, /[+#\0]|^$/u);
  await until(() => store.ingested.some(({ topic }) => topic === 'house/end'));
});
