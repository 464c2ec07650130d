// Checks version after version of a plugin of 50 KB in this process and prints percentiles in milliseconds as JSON: first
// against one contract, then against a contract that is new each time as well.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analysePlugin } from '../gateway/admission/code/analyse-plugin.ts';
import { outlinePlugin } from '../gateway/admission/code/outline-plugin.ts';
import { runCheck } from '../gateway/cli/contract-check.ts';
import { runInit } from '../gateway/cli/contract-init.ts';

const checks = 100;
const warmUp = 10;

/** Exported functions with their types, about `bytes` bytes of them. */
function source(bytes: number): string {
  let text = '';
  for (let i = 0; text.length < bytes; i++) {
    text += `/** Scales reading ${i}. */\nexport function scale${i}(value: number, factor: number = ${i + 1}): number {\n  const table = [${i}, ${i + 1}, ${i + 2}];\n  return value * factor + (table[value % 3] ?? 0);\n}\n`;
  }
  return text;
}

const folder = mkdtempSync(join(tmpdir(), 'portcullis-large-'));
const contract = join(folder, 'contract.yaml');
writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'large', version: '1.0.0', type: 'module' }));
writeFileSync(join(folder, 'index.ts'), source(50 * 1024));
const context = { cwd: folder, env: {}, now: new Date(), provided: () => [], write: () => undefined };
if ((await runInit(folder, { out: contract }, { ...context, outline: outlinePlugin })) !== 0)
  throw new Error('no draft');

/** Wall and CPU time of each check; `prepare` makes what is checked new. */
async function measure(prepare: (round: number) => void): Promise<{ p50: number; p95: number; cpu: number }> {
  const walls: number[] = [];
  const cpus: number[] = [];
  for (let round = 0; round < warmUp + checks; round++) {
    prepare(round);
    const [startedAt, used] = [performance.now(), process.cpuUsage()];
    const exit = await runCheck([folder], { contract, format: 'json' }, { ...context, analyse: analysePlugin });
    if (exit !== 0) throw new Error(`the check of an honest plugin ended with ${exit}`);
    if (round < warmUp) continue;
    walls.push(performance.now() - startedAt);
    const { user, system } = process.cpuUsage(used);
    cpus.push((user + system) / 1000);
  }
  return { p50: at(walls, 0.5), p95: at(walls, 0.95), cpu: at(cpus, 0.5) };
}

function at(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

const [code, rules] = [source(50 * 1024), readFileSync(contract, 'utf8')];
const newPlugin = (round: number): void => writeFileSync(join(folder, 'index.ts'), `${code}// version ${round}\n`);
const sameContract = await measure(newPlugin);
const newContract = await measure((round) => {
  newPlugin(round);
  writeFileSync(contract, `${rules}# version ${round}\n`);
});
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ sameContract, newContract, contractKB: Math.round(rules.length / 1024) }));
