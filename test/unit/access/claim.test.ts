import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimRoutes } from '../../../gateway/api/claim-routes.ts';
import { openOwnership } from '../../../gateway/config/ownership.ts';
import { asAdministrator } from '../../harness/api-context.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';
import { asking, openAccessRig } from './access-fixture.ts';

const password = 'three odd words';

test('no account is there from the start; the claim code makes the first one, an administrator, once', async (t) => {
  const { access } = await openAccessRig(t);
  const dataDir = await tempDir(t);
  const codeFile = join(dataDir, 'code');
  await writeFile(codeFile, 'KP7XQ2MB\n');
  const ownership = await openOwnership({ dataDir, claim: { codeFile } }, () => 0);
  const routes = claimRoutes({ ...ownership, own: (wish) => access.own(wish) });
  const claim = routes.find(({ method }) => method === 'POST');
  const take = async (code: string, name: string): Promise<unknown> =>
    claim?.handle({ code, account: { name, password } }, asAdministrator);
  const accounts = (): string[] => access.accounts.accounts().map(({ name, role }) => `${name}: ${role}`);
  assert.deepEqual(accounts(), []);
  await assert.rejects(take('WRONG', 'Eve'), { code: 'NOT_ALLOWED' });
  assert.deepEqual(accounts(), []);
  await take('kp7x-q2mb', 'Ada');
  await assert.rejects(take('KP7XQ2MB', 'Eve'), { code: 'CONFLICT' });
  assert.deepEqual(accounts(), ['Ada: administrator']);
  assert.equal((await access.login(asking(), 'Ada', password)).actor.role, 'administrator');
});
