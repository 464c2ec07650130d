import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Row {
  readonly file: string;
  /** As they stand in the file, for example `maxWaiting = 256`. */
  readonly bounds: readonly string[];
}

const rows = readFileSync('docs/queues.md', 'utf8')
  .split('\n')
  .flatMap((line): Row[] => {
    const [, , file, bound, policy] = line.split('|').map((cell) => cell.trim());
    const path = /^`(.+\.ts)`$/.exec(file ?? '')?.[1];
    if (path === undefined) return [];
    const quoted = [...`${bound} ${policy}`.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '');
    return [{ file: path, bounds: quoted.filter((text) => !text.startsWith('buffer.')) }];
  });

test('every bound in docs/queues.md stands in the code as it is written there', () => {
  assert.ok(rows.length > 30);
  for (const { file, bounds } of rows) {
    const source = readFileSync(`gateway/${file}`, 'utf8');
    assert.ok(bounds.length > 0, `${file} has a row without a bound`);
    for (const bound of bounds) assert.ok(source.includes(bound), `${file} does not say ${bound}`);
  }
});

test('every number on the way of a message that is called max… has a row', () => {
  const stages =
    'gateway/{access,alarms,api,buffer,cells,commands,delivery,flows,history,live,notify,observability,preprocess,registry,rules,traces,transports,twin}/**/*.ts';
  /** Not the size of anything: waiting times, threads, V8 heaps, and what has its own row under another name. */
  const others = /^max(AtOnce|RetryMs|BackoffMs|InflightInbound|YoungGenerationSizeMb|AgeMs: 0|Ms: 0|AliasCount: 0)/;
  for (const path of globSync(stages)) {
    const defined = readFileSync(path, 'utf8').matchAll(/\bmax[A-Z]\w*(?: =|:) \d[\d_]*(?: \* [\w]+)*/g);
    const own = rows.filter(({ file }) => path === `gateway/${file}`).flatMap(({ bounds }) => bounds);
    for (const [bound] of defined) {
      assert.ok(others.test(bound) || own.some((text) => text.includes(bound)), `${path}: ${bound} has no row`);
    }
  }
});
