import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminTokenFile } from '../../gateway/config/identity.ts';
import type { Daemon } from './daemon.ts';

/** One call of the API as the administrator; fails unless it is taken. */
export async function post<Answer>(daemon: Daemon, path: string, body: object): Promise<Answer> {
  const token = readFileSync(join(daemon.dataDir, adminTokenFile), 'utf8').trim();
  const answer = await fetch(`http://127.0.0.1:${daemon.httpPort}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path} answered ${answer.status}: ${await answer.clone().text()}`);
  return (await answer.json()) as Answer;
}
