import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { WriteResult } from '../../../contracts/sink.ts';
import { startDeliveryLoop, type DeliveryLoopOptions } from '../../../gateway/delivery/delivery-loop.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { MemoryOutlet } from './memory-outlet.ts';
import { acceptAll, keepAll, ScriptedSink } from './scripted-sink.ts';
import { settle, VirtualTime } from './virtual-time.ts';

function setUp(t: TestContext, options: Partial<DeliveryLoopOptions> = {}) {
  const time = new VirtualTime();
  const outlet = new MemoryOutlet();
  const sink = new ScriptedSink();
  const outages: string[] = [];
  const start = () => {
    const loop = startDeliveryLoop({
      sink,
      outlet,
      log: pino({ level: 'silent' }),
      clock: time,
      scheduler: time,
      random: () => 0.5,
      onOutage: (_sink, change) => outages.push(change),
      ...options,
    });
    t.after(() => loop[Symbol.asyncDispose]());
    return loop;
  };
  return { time, outlet, sink, outages, start };
}

test('a backlog drains without any new arrival', async (t) => {
  const { outlet, sink, start } = setUp(t);
  outlet.add('normal', 'a', 95);
  start();
  await settle();
  await settle();
  assert.equal(outlet.count('accept'), 95);
  assert.equal(sink.writes, 10);
});

test('records that nobody announced are found by the timer', async (t) => {
  const { time, outlet, start } = setUp(t, { pollMs: 5_000 });
  start();
  await settle();
  outlet.add('normal', 'a', 3);
  await time.advance(4_999);
  assert.equal(outlet.count('accept'), 0);
  await time.advance(1);
  assert.equal(outlet.count('accept'), 3);
});

test('an arrival is delivered at once, without waiting for the timer', async (t) => {
  const { outlet, start } = setUp(t);
  start();
  await settle();
  outlet.add('urgent', 'a');
  outlet.announce('urgent');
  await settle();
  assert.equal(outlet.count('accept'), 1);
});

test('an alarm is asked for between two batches of the backlog, also when the far side is faster than the buffer', async (t) => {
  const { outlet, sink, start } = setUp(t);
  sink.limits = { ...sink.limits, inFlight: 2 };
  const claim = outlet.claim.bind(outlet);
  outlet.claim = async (want) => {
    const batch = await claim(want);
    // The far side takes what went before and settles it meanwhile: there is always a free place.
    for (let i = 0; i < 50; i++) await Promise.resolve();
    return batch;
  };
  for (let i = 0; i < 500; i++) outlet.add('normal', `d${i}`);
  sink.script = (batch, signal) => {
    if (sink.writes === 5) {
      outlet.add('urgent', 'smoke');
      outlet.announce('urgent');
    }
    return acceptAll(batch, signal);
  };
  start();
  for (let i = 0; i < 50 && outlet.count('open') > 0; i++) await settle();
  assert.equal(outlet.count('accept'), 501);
  const waited = sink.taken.findIndex(({ lane }) => lane === 'urgent') - 4 * sink.limits.records;
  assert.ok(waited <= 2 * sink.limits.records, `${waited} records went before it`);
});

test('the urgent lane goes first, and a live alarm does not wait behind a slow backlog batch', async (t) => {
  const { outlet, sink, start } = setUp(t);
  const gate = Promise.withResolvers<void>();
  sink.script = async (batch, signal) => {
    if (batch.lane === 'normal') await gate.promise;
    return acceptAll(batch, signal);
  };
  outlet.add('normal', 'a', 30);
  outlet.add('urgent', 'a', 1);
  start();
  await settle();
  assert.deepEqual(
    sink.taken.map((entry) => entry.lane),
    ['urgent'],
  );
  outlet.add('urgent', 'b', 1);
  outlet.announce('urgent');
  await settle();
  assert.deepEqual(
    sink.taken.map((entry) => entry.lane),
    ['urgent', 'urgent'],
  );
  gate.resolve();
  await settle();
  assert.equal(outlet.count('open'), 0);
});

test('while the sink is away everything is kept, one outage is told, and all arrives afterwards', async (t) => {
  const { time, outlet, sink, outages, start } = setUp(t);
  sink.script = keepAll('transient');
  outlet.add('normal', 'a', 25);
  start();
  await time.advance(600_000);
  assert.equal(outlet.count('open'), 25);
  assert.deepEqual(outages, ['started']);
  assert.ok(sink.writes < 40, `${sink.writes} tries in ten minutes`);
  sink.script = acceptAll;
  await time.advance(60_000);
  assert.equal(outlet.count('accept'), 25);
  assert.deepEqual(outages, ['started', 'ended']);
});

test('an outage is an alarm while it lasts, and a far side that says the same all day is one line in the log', async (t) => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const { time, sink, start } = setUp(t, { log });
  const alarms: string[] = [];
  const listener = listen('alarm', ({ code, active }) => alarms.push(`${code} ${active}`));
  t.after(() => listener[Symbol.dispose]());
  sink.onConnect = () => Promise.reject(new PortcullisError('SINK_UNAVAILABLE', 'No answer.'));
  start();
  await time.advance(86_400_000);
  assert.equal(lines.length, 1, lines.join(''));
  assert.deepEqual(alarms, ['SINK_OUTAGE true']);
  sink.onConnect = () => Promise.resolve();
  await time.advance(120_000);
  assert.deepEqual(alarms, ['SINK_OUTAGE true', 'SINK_OUTAGE false']);
});

test('a sink that cannot be reached at start is connected to later', async (t) => {
  const { time, outlet, sink, outages, start } = setUp(t);
  let refused = 3;
  sink.onConnect = async () => {
    if (refused-- > 0) throw new PortcullisError('SINK_UNAVAILABLE', 'Connection refused.');
  };
  outlet.add('normal', 'a');
  start();
  await time.advance(60_000);
  assert.equal(sink.connects, 4);
  assert.equal(outlet.count('accept'), 1);
  assert.deepEqual(outages, ['started', 'ended']);
});

test('a far side that names a time is left alone exactly that long', async (t) => {
  const { time, outlet, sink, start } = setUp(t);
  sink.script = keepAll(7_200_000, 'quota');
  outlet.add('normal', 'a');
  const loop = start();
  await time.advance(7_199_000);
  assert.equal(sink.writes, 1);
  assert.equal(loop.status().state, 'backing-off');
  sink.script = acceptAll;
  await time.advance(1_000);
  assert.equal(outlet.count('accept'), 1);
});

test('a stopped sink is never tried again until the operator resumes it, and an alarm stands meanwhile', async (t) => {
  const { time, outlet, sink, start } = setUp(t);
  const alarms: boolean[] = [];
  using _ear = listen('alarm', ({ code, active }) => {
    if (code === 'SINK_STOPPED') alarms.push(active);
  });
  sink.script = keepAll('stopped', 'credentials');
  outlet.add('normal', 'a');
  const loop = start();
  await time.advance(24 * 3_600_000);
  outlet.announce('normal');
  await settle();
  assert.equal(sink.writes, 1);
  assert.deepEqual(alarms, [true]);
  sink.script = acceptAll;
  loop.resume();
  await settle();
  assert.equal(outlet.count('accept'), 1);
  assert.deepEqual(alarms, [true, false]);
});

test('a sink that hangs is given up at the deadline and its signal is aborted', async (t) => {
  const { time, outlet, sink, start } = setUp(t, { writeDeadlineMs: 10_000 });
  let aborted = false;
  sink.script = (_batch, signal) => {
    signal.addEventListener('abort', () => (aborted = true));
    return new Promise<WriteResult>(() => {});
  };
  outlet.add('normal', 'a');
  start();
  await time.advance(9_999);
  assert.equal(aborted, false);
  await time.advance(1);
  assert.equal(aborted, true);
  sink.script = acceptAll;
  await time.advance(1_000);
  assert.equal(outlet.count('accept'), 1);
});

test('one poisonous record that makes the sink throw becomes a dead letter, the others arrive', async (t) => {
  const { time, outlet, sink, start } = setUp(t);
  sink.script = (batch, signal) => {
    if (batch.items.some((item) => item.lsn === 7)) throw new Error('cannot encode');
    return acceptAll(batch, signal);
  };
  outlet.add('normal', 'a', 40);
  start();
  await time.advance(120_000);
  assert.equal(outlet.count('reject'), 1);
  assert.equal(outlet.count('accept'), 39);
});

test('a store that fails for a while inside a sink makes no dead letters', async (t) => {
  const { time, outlet, sink, start } = setUp(t);
  sink.script = () => Promise.reject(new PortcullisError('DISK_FULL', 'The disk has no room.'));
  outlet.add('normal', 'a', 3);
  start();
  await time.advance(600_000);
  assert.equal(outlet.count('open'), 3);
  sink.script = acceptAll;
  await time.advance(60_000);
  assert.equal(outlet.count('accept'), 3);
});

test('a stop does not wait for a connection that does not come', async (t) => {
  const { sink, start } = setUp(t);
  sink.onConnect = () => new Promise(() => {});
  const loop = start();
  await settle();
  await loop[Symbol.asyncDispose]();
  assert.equal(loop.status().state, 'stopped');
});

test('keeping everything without asking for a pause is no hot loop', async (t) => {
  const { time, outlet, sink, start } = setUp(t);
  sink.script = (batch) => ({ verdicts: batch.items.map(() => ({ is: 'keep' as const })) });
  outlet.add('normal', 'a', 5);
  start();
  await time.advance(60_000);
  assert.ok(sink.writes < 20, `${sink.writes} tries in a minute`);
});

test('a settlement that does not become durable is repeated, and nothing is written twice for it', async (t) => {
  const { time, outlet, sink, start } = setUp(t);
  outlet.failSettles = 4;
  outlet.add('normal', 'a', 5);
  start();
  await time.advance(60_000);
  assert.equal(outlet.count('accept'), 5);
  assert.equal(sink.writes, 1);
});

test('the order of each device holds with several batches in flight and failures between', async (t) => {
  const { time, outlet, sink, start } = setUp(t);
  sink.limits = { records: 4, bytes: 1_000_000, inFlight: 3 };
  let seed = 7;
  const draw = (n: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % n;
  sink.script = async (batch) => {
    for (let i = draw(4); i > 0; i--) await settle();
    const failed = new Set<string>();
    const verdicts = batch.items.map((item) => {
      const device = item.message.dev.id;
      if (draw(10) === 0) failed.add(device);
      return failed.has(device) ? ({ is: 'keep' } as const) : ({ is: 'accept' } as const);
    });
    return failed.size > 0 ? { verdicts, pause: { reason: 'some', forMs: 'transient' as const } } : { verdicts };
  };
  for (let i = 0; i < 300; i++) outlet.add('normal', `d${draw(6)}`);
  start();
  for (let i = 0; i < 200 && outlet.count('open') > 0; i++) await time.advance(10_000);
  assert.equal(outlet.count('open'), 0);
  for (const device of new Set(sink.taken.map((entry) => entry.device))) {
    const order = sink.taken.filter((entry) => entry.device === device).map((entry) => entry.lsn);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      device,
    );
  }
});

test('a stop settles what is in flight and claims nothing more', async (t) => {
  const { outlet, sink, start } = setUp(t);
  const gate = Promise.withResolvers<void>();
  sink.script = async (batch, signal) => {
    await gate.promise;
    return acceptAll(batch, signal);
  };
  outlet.add('normal', 'a', 30);
  const loop = start();
  await settle();
  const closed = loop[Symbol.asyncDispose]();
  gate.resolve();
  await closed;
  assert.equal(outlet.count('accept'), 10);
  assert.equal(outlet.count('lent'), 0);
});

test('a stop does not wait for a hanging sink longer than its deadline, and gives its records back', async (t) => {
  const { time, outlet, sink, start } = setUp(t, { stopDeadlineMs: 2_000 });
  sink.script = () => new Promise<WriteResult>(() => {});
  outlet.add('normal', 'a', 3);
  const loop = start();
  await settle();
  const closed = loop[Symbol.asyncDispose]();
  await time.advance(2_000);
  await closed;
  assert.equal(outlet.count('lent'), 0);
  assert.equal(outlet.count('open'), 3);
});

test('negative control: settling before the answer loses what the far side refused', async (t) => {
  const { time, outlet, sink, start } = setUp(t, { settle: 'before-ack' });
  sink.script = keepAll('transient');
  outlet.add('normal', 'a', 5);
  start();
  await time.advance(1_000);
  assert.equal(outlet.count('accept'), 5);
  assert.equal(sink.taken.length, 0);
});
