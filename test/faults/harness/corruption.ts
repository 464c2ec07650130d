import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { lanes } from '../../../contracts/sink.ts';
import { allTables } from '../../../gateway/all-tables.ts';
import { openBuffer, type Buffer } from '../../../gateway/buffer/buffer.ts';
import { readTestSwitches } from '../../../gateway/config/test-switches.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { damages, looksLikeACut, targets, type Damage, type Target } from './damages.ts';
import type { Outcome } from './fault.ts';
import { few, type Finding } from './oracles.ts';
import { openRound, type RoundContext } from './round.ts';

/** What each data folder held when it was damaged. */
interface Base {
  readonly folder: string;
  readonly numbers: ReadonlySet<number>;
}

/**
 * Files of a real daemon, damaged in `count` of 64 ways (16 damages of 4 kinds of files), and opened again by the buffer that
 * a daemon has: what is missing is told and counted, what is there comes once, the books balance.
 */
export async function corruptedFiles(context: RoundContext, count: number): Promise<Outcome> {
  const { ends, random } = context;
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'portcullis-damage-'));
  ends.after(() => rmSync(root, { recursive: true, force: true }));
  const { ended, killed } = await twoFolders(context, root);
  const all = Object.keys(targets).flatMap((target) => Object.keys(damages).map((damage) => [target, damage] as const));
  const findings: Finding[] = [];
  for (let round = 0; round < count && all.length > 0; round++) {
    const [target, damage] = all.splice(random.below(all.length), 1)[0] as readonly [Target, Damage];
    const folder = join(root, 'damaged');
    const base = targets[target].after === 'end' ? ended : killed;
    cpSync(base.folder, folder, { recursive: true });
    const file = join(folder, targets[target].file);
    writeFileSync(file, damages[damage](readFileSync(file), random));
    const mayHide = unseen(target, damage);
    const opened = await openDamaged(folder, base, { broken: context.broken, mayHide }).catch(
      (error: unknown): Finding[] => [{ oracle: 'up', says: String(error) }],
    );
    for (const { oracle, says } of opened) findings.push({ oracle, says: `${damage} of ${target}: ${says}` });
    rmSync(folder, { recursive: true, force: true });
  }
  return { findings, acknowledged: ended.numbers.size, says: `${count} damaged folders` };
}

/** So many records may be missing without a word: where the file looks as one does that was never filled, or cut in time. */
function unseen(target: Target, damage: Damage): number {
  if (target === 'database') return damage === 'nothing at all' ? Infinity : 0;
  if (target === 'log') return looksLikeACut.has(damage) ? Infinity : lastCommits;
  return 0;
}

/** Records of the commits at the very end of a log, which a damage there may take like a power cut. */
const lastCommits = 60;

/** A gateway whose cloud refuses all: its files after a kill, and after an end in order. */
async function twoFolders(context: RoundContext, root: string): Promise<{ killed: Base; ended: Base }> {
  const round = await openRound(context);
  await round.cloud.fault({ kind: 'refuse', forMs: 3_600_000 });
  const keep = (name: string): Base => {
    const folder = join(root, name);
    mkdirSync(folder);
    for (const file of readdirSync(round.daemon.dataDir)) {
      if (file.startsWith('portcullis.db')) cpSync(join(round.daemon.dataDir, file), join(folder, file));
    }
    return { folder, numbers: new Set(round.acknowledged) };
  };
  const publish = async (end: () => Promise<unknown>): Promise<void> => {
    const load = await round.load();
    await waitUntil('acknowledgements', () => load.acknowledged.size > 300);
    await end();
    await load.stop();
  };
  await publish(() => round.daemon.kill());
  const killed = keep('killed');
  await round.restart();
  await publish(() => round.daemon.stop());
  return { killed, ended: keep('ended') };
}

/** `mayHide`: so many may be missing without a word. */
async function openDamaged(
  dataDir: string,
  { numbers }: Base,
  { broken, mayHide }: { broken: string; mayHide: number },
): Promise<Finding[]> {
  const told: string[] = [];
  using _ = listen(
    'alarm',
    ({ code, active, detail }) => void (active && code === 'buffer-corrupt' && told.push(detail)),
  );
  const { salvage } = readTestSwitches(broken);
  await using buffer = await openBuffer(
    { dataDir, gateway: 'gw-test', sinks: ['tuya'], tables: allTables, salvage },
    { log: pino({ level: 'silent' }), clock: systemClock },
  );
  const found = new Map<number, Set<string>>();
  await patiently(() => takeAll(buffer, found));
  await patiently(() => buffer.write([{ statement: 'life.put', params: [1] }]));
  const missing = [...numbers].filter((n) => !found.has(n));
  // A record that is lent again has its id again, and counts once.
  const twice = [...found.values()].filter((ids) => ids.size > 1).length;
  const findings: Finding[] = [];
  if (twice > 0) findings.push({ oracle: 'once', says: `${twice} came twice` });
  const check = await patiently(() => buffer.check());
  // A page that nothing reads is moved aside by nobody; then the check is who tells.
  if (!check.ok && check.sqlite.length === 0)
    findings.push({ oracle: 'sound', says: JSON.stringify(check).slice(0, 300) });
  if (!(await patiently(() => buffer.ledger())).balanced)
    findings.push({ oracle: 'counted', says: 'the ledger does not balance' });
  const lost = /(\d+|an unknown number of) lost/.exec(told.join())?.[1];
  if (missing.length > mayHide && (lost === undefined || Number(lost) < missing.length))
    findings.push({
      oracle: 'counted',
      says: `${missing.length} missing (${few(missing)}), told: ${lost ?? 'nothing'}`,
    });
  return findings;
}

/** Damage that is found on the way costs one answer; the writer starts again on what was salvaged. */
async function patiently<Answer>(ask: () => Promise<Answer>, tries = 3): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (tries === 1 || (error as { code?: string }).code !== 'STORE_FAILED') throw error;
    return patiently(ask, tries - 1);
  }
}

/** Claims and settles whatever a cloud would get, and notes the numbers of its records. */
async function takeAll(buffer: Buffer, found: Map<number, Set<string>>): Promise<void> {
  for (const lane of lanes) {
    const want = { sink: 'tuya', lane, records: 500, bytes: 1_000_000 };
    for (let batch = await buffer.claim(want); batch; batch = await buffer.claim(want)) {
      for (const { message } of batch.items) {
        for (const { n, v } of message.m) {
          if (n === 'x.json.n' && v !== undefined) found.set(v, (found.get(v) ?? new Set()).add(message.id));
        }
      }
      await buffer.settle(
        batch,
        batch.items.map(() => ({ is: 'accept' })),
      );
    }
  }
}
