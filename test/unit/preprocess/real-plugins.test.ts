import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { messageSchema } from '../../../contracts/message.ts';
import type { Envelope } from '../../../contracts/plugin.ts';
import { envelope, memoryBuffer, openStage } from './stage.ts';

const pluginsFolder = new URL('../../../plugins/', import.meta.url);
const payloads = new URL('../../fixtures/payloads/', import.meta.url);

interface Line {
  readonly topic: string;
  readonly payload: unknown;
}

async function corpus(): Promise<Envelope[]> {
  const files = ['zigbee2mqtt', 'tasmota', 'shelly_gen1', 'shelly_gen2', 'esphome_ha'];
  const texts = await Promise.all(files.map((file) => readFile(new URL(`${file}.jsonl`, payloads), 'utf8')));
  return (
    texts
      .flatMap((text) => text.trim().split('\n'))
      .map((line) => JSON.parse(line) as Line)
      // On its way to a device: no plugin reads it, and it is no document for the fallback.
      .filter(({ topic }) => !topic.endsWith('/command'))
      .map(({ topic, payload }) => envelope(topic, payload))
  );
}

test('the shipped plugins turn the recorded messages of five families of devices into messages of the schema', async (t) => {
  const names = (await readdir(pluginsFolder, { withFileTypes: true })).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  const plugins = names.map((name) => ({ name, entry: new URL(`${name}/index.ts`, pluginsFolder), config: {} }));
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { plugins, threads: 2, fallback: 'generic-json' });
  const envelopes = await corpus();
  // Twice: the second time everything that teaches has taught.
  for (let round = 0; round < 2; round++) {
    const outcomes = await Promise.all(envelopes.map((one) => stage.ingest(one)));
    for (const outcome of outcomes) assert.ok(outcome.stored + outcome.filtered + outcome.deadLettered >= 1);
  }
  const letters = buffer.entries.flatMap(({ deadLetters }) => deadLetters);
  assert.deepEqual(
    letters.map(({ topic, code, detail }) => `${topic}: ${code}, ${detail}`),
    [],
  );
  const measurements = buffer.entries.flatMap((entry) => entry.measurements);
  assert.ok(measurements.length > envelopes.length);
  for (const { cls, ...measurement } of JSON.parse(JSON.stringify(measurements)) as typeof measurements) {
    assert.ok(['alarm', 'event', 'state', 'telemetry'].includes(cls));
    messageSchema.parse({ v: 1, id: '0'.repeat(32), gw: 'g', boot: 0, seq: 0, hist: false, ...measurement });
  }
  assert.ok(stage.stats().knowledgeVersion > 0);
});
