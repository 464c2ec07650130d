import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { adminToken, adminTokenFile, gatewayName } from '../../../gateway/config/identity.ts';

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(made, { recursive: true }));
  return made;
}

test('a name is made once and kept; a configured one is taken as it is', async (t) => {
  const dataDir = await folder(t);
  const name = await gatewayName(dataDir, undefined);
  assert.match(name, /^gw-[0-9a-f]{4}$/);
  assert.equal(await gatewayName(dataDir, undefined), name);
  assert.equal(await gatewayName(dataDir, 'attic'), 'attic');
});

test('the administrator token is private and stays the same', async (t) => {
  const dataDir = await folder(t);
  const token = await adminToken(dataDir);
  assert.equal(await adminToken(dataDir), token);
  assert.equal((await stat(join(dataDir, adminTokenFile))).mode & 0o777, 0o600);
});

test('what is there but cannot be read is an error, not a reason for a new identity', async (t) => {
  const dataDir = await folder(t);
  await mkdir(join(dataDir, 'gateway-name'));
  await assert.rejects(gatewayName(dataDir, undefined), { code: 'FILE_UNREADABLE', message: /EISDIR/ });
});
