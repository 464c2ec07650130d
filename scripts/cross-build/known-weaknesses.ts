import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** What the registry says of the packages that ship; no answer is none, and never reads like a good one. */
export type Audit =
  | { readonly is: 'clean'; readonly says: string }
  | { readonly is: 'found'; readonly says: string }
  | { readonly is: 'unanswered'; readonly says: string };

/** `npm audit --json`, as far as it is read here. */
const answerSchema = z.object({
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string() })),
  metadata: z.object({ dependencies: z.object({ prod: z.number() }) }),
});
const refusalSchema = z.object({ message: z.string() });

/** Asks the registry for known weaknesses of what the lock file in `folder` ships. Never rejects. */
export async function askForWeaknesses(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<Audit> {
  const asking = spawn('npm', ['audit', '--omit=dev', '--json'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 120_000,
  });
  const said = text(asking.stdout);
  try {
    await once(asking, 'close');
    return readAudit(await said);
  } catch (error) {
    return unanswered(String(error));
  }
}

function readAudit(said: string): Audit {
  let json: unknown;
  try {
    json = JSON.parse(said);
  } catch {
    return unanswered('npm audit said nothing that can be read');
  }
  const answer = answerSchema.safeParse(json);
  if (!answer.success) return unanswered(refusalSchema.safeParse(json).data?.message ?? 'it answered something else');
  const { vulnerabilities, metadata } = answer.data;
  const found = Object.entries(vulnerabilities).map(([name, { severity }]) => `${name} (${severity})`);
  if (found.length > 0) return { is: 'found', says: `Known weaknesses in what ships: ${found.join(', ')}.` };
  return { is: 'clean', says: `No known weakness in the ${metadata.dependencies.prod} packages that ship.` };
}

const unanswered = (why: string): Audit => ({
  is: 'unanswered',
  says: `NOT AUDITED: the registry gave no answer about known weaknesses (${why}). Ask again with "npm run audit" where it does, before this is published.`,
});
