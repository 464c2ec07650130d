import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { PortcullisError } from '../../../contracts/errors.ts';
import { kinds, qualities } from '../../../contracts/message.ts';
import { isMetricWord } from '../../../contracts/metric-words.ts';
import { filtersUnder } from '../../../contracts/plugin.ts';
import type { CodecContext, Envelope, Json, Plugin, Reading, ReadingMetric } from '../../../contracts/plugin.ts';
import { canonicalUnit, convert, normaliseUnit } from '../../../contracts/units.ts';
import { fuzzRuns, mutated } from '../../fuzz/mutate.ts';
import { Outcomes } from '../../fuzz/outcomes.ts';
import { plugins } from './all-plugins.ts';
import { bench, envelope, samples } from './codec-bench.ts';

const maxMetrics = 512;

/** What a plugin knows once it has heard its whole corpus. */
function learnt(plugin: Plugin, corpus: readonly string[], settings: unknown): CodecContext {
  const made = bench(plugin, settings);
  for (const { topic, payload } of corpus.flatMap((name) => samples(name))) {
    try {
      // The deletion at the end of the corpus would leave nothing to decode with.
      if (payload !== '') made.teach(topic, payload);
    } catch (error) {
      assert.ok(error instanceof PortcullisError);
    }
  }
  return { config: plugin.config.parse(settings), knowledge: made.knowledge };
}

/** Decodes, and lets only one kind of failure pass: a refusal with a code and a sentence. */
function attempt(plugin: Plugin, message: Envelope, context: CodecContext): readonly Reading[] {
  return tried(plugin, message, context) ?? [];
}

/** The same; undefined when it is refused. */
function tried(plugin: Plugin, message: Envelope, context: CodecContext): readonly Reading[] | undefined {
  try {
    return plugin.decode(message, context);
  } catch (error) {
    assert.ok(error instanceof PortcullisError, String(error));
    assert.equal(error.code, 'DECODE_FAILED');
    assert.match(error.message, /^[A-Z].*\.$/);
    return undefined;
  }
}

function assertMetric(metric: ReadingMetric, proto: string): void {
  const { n, key, value, q, unit } = metric;
  assert.ok(isMetricWord(n) || (n.startsWith(`x.${proto}.`) && n.length <= 256), `name ${n}`);
  assert.equal(typeof key, 'string');
  assert.notEqual(value === undefined, q === undefined, `${n} has a value or a reason for none`);
  if (q !== undefined) assert.ok(qualities.includes(q));
  if (typeof value === 'number') assert.ok(Number.isFinite(value));
  const canonical = canonicalUnit(n);
  if (value === undefined || !isMetricWord(n) || canonical === undefined) return;
  assert.equal(typeof value, 'number', `${n} is measured in ${canonical}`);
  const source = unit === undefined ? undefined : normaliseUnit(unit);
  assert.ok(source !== undefined && convert(1, source, canonical) !== undefined, `${n} in ${unit}`);
}

function assertReadings(readings: readonly Reading[], proto: string): void {
  for (const { device, kind, metrics, meta } of readings) {
    assert.ok(device.startsWith(`${proto}:`), device);
    assert.ok(kinds.includes(kind));
    assert.ok(metrics.length <= maxMetrics && Object.keys(meta ?? {}).length <= maxMetrics);
    assert.ok(metrics.length > 0 || meta !== undefined, 'a reading says something');
    for (const metric of metrics) assertMetric(metric, proto);
    const places = metrics.map(({ n, ep }) => `${n}\n${ep ?? ''}`);
    assert.equal(new Set(places).size, places.length, 'one value per name and endpoint');
  }
}

const hostileText = fc.oneof(
  fc.json({ maxDepth: 6 }),
  fc.string(),
  fc.constantFrom(
    '{"__proto__":{"a":1},"constructor":{"prototype":1},"toString":1}',
    '{"Time":1e999,"ENERGY":{"Power":1e400},"params":{"ts":1e300,"switch:0":{"apower":-1e999}}}',
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    `[${'1,'.repeat(5000)}1]`,
    JSON.stringify({ ['k'.repeat(5000)]: 1 }),
    'null',
    '[]',
    '{}',
  ),
);

const hostilePayload = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  hostileText.map((text) => new TextEncoder().encode(text)),
);

/** What is heard, whole or with a few changes. */
const nearly = (heard: readonly (readonly [topic: string, payload: Uint8Array])[]) =>
  fc.constantFrom(...heard).chain(([topic, payload]) => {
    const whole = fc.constant(Buffer.from(payload));
    return fc.tuple(fc.constant(topic), fc.oneof(whole, mutated(whole)));
  });

for (const { plugin, corpus, settings = {}, answers = [] } of plugins) {
  const all = corpus.flatMap((name) => samples(name));
  const topics = [
    ...new Set(all.map(({ topic }) => topic)),
    ...filtersUnder(plugin.topics, plugin.config.parse(settings)).map((filter) => filter.replaceAll(/[+#]/g, 'x')),
  ];

  const heard = all.map(({ topic, payload }) => [topic, envelope(topic, payload).payload] as const);
  const messages = fc.oneof(fc.tuple(fc.constantFrom(...topics), hostilePayload), nearly([...heard, ...answers]));

  test(`${plugin.name}: decode is pure and leaves its input as it was`, () => {
    const context = learnt(plugin, corpus, settings);
    const before = structuredClone([...context.knowledge]);
    for (const { topic, payload } of corpus.flatMap((name) => samples(name))) {
      const message = envelope(topic, payload);
      const bytes = message.payload.slice();
      const first = attempt(plugin, message, context);
      assert.deepEqual(attempt(plugin, message, context), first);
      assert.deepEqual(message.payload, bytes);
      assertReadings(first, plugin.proto);
    }
    assert.deepEqual([...context.knowledge], before);
  });

  test(`${plugin.name}: random bytes, hostile JSON and damaged messages are refused with a sentence or read within bounds`, (t) => {
    const outcomes = new Outcomes<'read' | 'without a reading' | 'refused'>();
    const context = learnt(plugin, corpus, settings);
    fc.assert(
      fc.property(messages, ([topic, payload]) => {
        const readings = tried(plugin, envelope(topic, payload), context);
        assertReadings(readings ?? [], plugin.proto);
        assert.ok(JSON.stringify(readings ?? []).length < 2_000_000);
        outcomes.add(readings === undefined ? 'refused' : readings.length > 0 ? 'read' : 'without a reading');
      }),
      { numRuns: fuzzRuns(1500) },
    );
    outcomes.print(t);
    assert.ok(outcomes.of('read') > 0 && outcomes.of('refused') > 0, 'both ends are reached');
  });

  test(`${plugin.name}: learn is pure, bounded and refuses what it cannot read`, (t) => {
    const outcomes = new Outcomes<'taught' | 'without a lesson' | 'refused'>();
    const context = learnt(plugin, corpus, settings);
    const before = structuredClone([...context.knowledge]);
    fc.assert(
      fc.property(messages, ([topic, payload]) => {
        try {
          const lessons = plugin.learn?.(envelope(topic, payload), context) ?? [];
          assert.deepEqual(plugin.learn?.(envelope(topic, payload), context) ?? [], lessons);
          assert.ok(JSON.stringify(lessons).length < 200_000);
          outcomes.add(lessons.length > 0 ? 'taught' : 'without a lesson');
        } catch (error) {
          assert.ok(error instanceof PortcullisError, String(error));
          outcomes.add('refused');
        }
      }),
      { numRuns: fuzzRuns(500) },
    );
    outcomes.print(t);
    assert.deepEqual([...context.knowledge], before);
  });

  test(`${plugin.name}: what it learnt is plain JSON, so that it can be kept and sent to threads`, () => {
    const { knowledge } = learnt(plugin, corpus, settings);
    const entries: [string, Json][] = [...knowledge];
    assert.deepEqual(JSON.parse(JSON.stringify(entries)), entries);
    assert.deepEqual(structuredClone(entries), entries);
  });
}
