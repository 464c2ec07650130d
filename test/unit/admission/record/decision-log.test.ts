import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { checkPlugin } from '../../../../gateway/admission/check-plugin.ts';
import { readFacts } from '../../../../gateway/admission/host/facts-file.ts';
import { generateSigner } from '../../../../gateway/admission/integrity/signature.ts';
import { checkDecisionLog, openDecisionLog } from '../../../../gateway/admission/record/decision-log.ts';
import { decisionRecord } from '../../../../gateway/admission/record/decision-record.ts';
import { treeHash } from '../../../../gateway/admission/source-tree.ts';

const key = createPrivateKey(generateSigner().privatePem);
const publicKey = createPublicKey(key);

async function record(env: Record<string, string> = { TOKEN: 'canary-secret' }, at = '2026-11-21T00:00:00Z') {
  const tree = { files: new Map([['plugin.js', Buffer.from('export {}')]]), links: new Map<string, string>() };
  const body =
    'apiVersion: plugin-contract/v1\nkind: PluginContract\nenvironment: { secrets: [{ name: TOKEN, minLength: 40 }] }';
  const contract = { file: 'c.yaml', bytes: Buffer.from(body) };
  const { facts } = readFacts(Buffer.from(JSON.stringify({ arch: 'arm64', os: 'linux', env })), 'h');
  assert.ok(facts);
  const check = await checkPlugin({
    tree,
    contract,
    facts,
    analyse: () => Promise.resolve([]),
    today: at.slice(0, 10),
  });
  return decisionRecord({
    name: 'p',
    origin: 'site',
    at: new Date(at),
    check,
    tree: treeHash(tree),
    contract,
    facts,
    timings: { checkMs: 1 },
    analysis: { key: 'sha256-0', reused: false },
  });
}

async function logFile(t: TestContext, count: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'records-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'decisions.jsonl');
  const one = await record();
  await using log = await openDecisionLog(path, key);
  await Promise.all(Array.from({ length: count }, () => log.append(one)));
  return path;
}

test('records are chained and signed, also across reopening', async (t) => {
  const path = await logFile(t, 3);
  {
    await using log = await openDecisionLog(path, key);
    await log.append(await record());
  }
  const { records, fault } = await checkDecisionLog(path, publicKey);
  assert.equal(fault, undefined);
  assert.equal(records, 4);
});

test('what a power cut left of an unfinished record is cut off, and the chain goes on', async (t) => {
  const path = await logFile(t, 2);
  await writeFile(path, `${await readFile(path, 'utf8')}{"at":"2026-`);
  {
    await using log = await openDecisionLog(path, key);
    await log.append(await record());
  }
  const { records, fault } = await checkDecisionLog(path, publicKey);
  assert.deepEqual({ records, fault }, { records: 3, fault: undefined });
});

for (const [what, change] of [
  ['changed', (lines: string[]) => lines.map((line, i) => (i === 1 ? line.replace('"DENY"', '"ADMIT"') : line))],
  ['removed', (lines: string[]) => lines.filter((_, i) => i !== 1)],
  ['exchanged', (lines: string[]) => [lines[1], lines[0], lines[2]]],
  ['spaced differently', (lines: string[]) => lines.map((line, i) => (i === 1 ? line.replace('{', '{ ') : line))],
] as const) {
  test(`a record that was ${what} is found, and nothing is appended to such a log`, async (t) => {
    const path = await logFile(t, 3);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(path, `${change(lines).join('\n')}\n`);
    assert.match((await checkDecisionLog(path, publicKey)).fault ?? '', /broken at line [12]/);
    await assert.rejects(openDecisionLog(path, key), { code: 'PLUGIN_TAMPERED' });
  });
}

test('a log that another key signed is refused', async (t) => {
  const path = await logFile(t, 1);
  await assert.rejects(openDecisionLog(path, createPrivateKey(generateSigner().privatePem)), {
    code: 'PLUGIN_TAMPERED',
  });
});

test('a record says what was decided on, and no value of the environment', async () => {
  const one = await record();
  assert.equal(one.decision, 'DENY');
  assert.equal(one.executed, false);
  assert.deepEqual(one.host.facts.declared, { TOKEN: 'set' });
  assert.doesNotMatch(JSON.stringify(one), /canary/);
});

test('the cache key changes with what is decided on and not with the time or a value of the same verdict', async () => {
  const { cacheKey } = await record();
  assert.equal((await record({ TOKEN: 'another-short' }, '2027-01-01T00:00:00Z')).cacheKey, cacheKey);
  assert.notEqual((await record({ TOKEN: 'x'.repeat(40) })).cacheKey, cacheKey);
  assert.notEqual((await record({})).cacheKey, cacheKey);
});
