import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';

const damages: Readonly<Record<string, (file: string) => void>> = {
  'a header of garbage': (file) => {
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 0, 100);
    writeFileSync(file, bytes);
  },
  'flipped bits in the middle': (file) => {
    const bytes = readFileSync(file);
    for (let at = 8_192; at < bytes.length; at += 4_099) bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    writeFileSync(file, bytes);
  },
};

for (const [name, damage] of Object.entries(damages)) {
  test(`${name}: the gateway starts, quarantines the file, says so, and takes messages`, async (t) => {
    const cloud = await startCloud(t);
    await cloud.fault({ kind: 'refuse', forMs: 600_000 });
    const daemon = await startDaemon(t, { config: { cloud: cloud.config } });
    const publisher = await startPublisher({ port: daemon.mqttPort, devices: 4 });
    await waitUntil('acknowledgements', () => publisher.acknowledged.size > 200);
    await publisher.stop();
    await daemon.stop();
    damage(join(daemon.dataDir, 'portcullis.db'));
    await daemon.start();
    const { alarms } = await daemon.api<{ alarms: { code: string; detail: string }[] }>('/api/v1/alarms');
    assert.ok(
      alarms.some(({ code, detail }) => code === 'buffer-corrupt' && /records saved.*file kept in/.test(detail)),
      `no alarm says so: ${JSON.stringify(alarms)}`,
    );
    const after = await startPublisher({ port: daemon.mqttPort, devices: 2, from: 5_000_000 });
    await waitUntil('acknowledgements', () => after.acknowledged.size > 0);
    await after.stop();
    const { sinks } = await daemon.api<{ sinks: { balanced: boolean }[] }>('/api/v1/ledger');
    assert.ok(sinks.every((sink) => sink.balanced));
  });
}
