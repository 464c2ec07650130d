// Checks one plugin of 50 KB again and again in this process and prints the percentiles in milliseconds as JSON.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

const times: number[] = [];
for (let i = 0; i < warmUp + checks; i++) {
  const startedAt = performance.now();
  const exit = await runCheck([folder], { contract, format: 'json' }, { ...context, analyse: analysePlugin });
  if (exit !== 0) throw new Error(`the check of an honest plugin ended with ${exit}`);
  if (i >= warmUp) times.push(performance.now() - startedAt);
}
rmSync(folder, { recursive: true });
times.sort((a, b) => a - b);
const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
console.log(JSON.stringify({ p50: at(0.5), p95: at(0.95) }));
