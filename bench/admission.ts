import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, type Report } from './report.ts';

/** Published packages that speak to devices; fetched at each run, never committed, never executed. */
const corpus =
  'home-assistant-js-websocket tuyapi modbus-serial zigbee-herdsman yeelight-awesome node-hue-api tplink-smarthome-api castv2-client sonos onvif miio lifx-lan-client ewelink-api shellies knx mqtt-packet ds18b20 jsmodbus modbus-rtu homebridge-tplink-smarthome ring-client-api wemo-client esphome-client enocean-js rfxcom eiscp lgtv2 denon-client yamaha-nodejs dorita980'.split(
    ' ',
  );
const root = join(import.meta.dirname, '..');
const cli = join(root, 'dist/gateway/cli.js');
/** Codes that say something about the shape of exports (families of docs/contracts.md). */
const structure = /^PC-S10[1235]$/;

interface Answer {
  readonly decision?: string;
  readonly violations?: readonly { readonly code: string; readonly severity?: string }[];
}

/** What admission makes of real packages, how fast it is, and how many changed signatures it catches. */
export function benchAdmission(): Report {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-corpus-'));
  try {
    const found = corpus.flatMap((name) => checkPublished(name, folder));
    const refused = found.filter(({ codes }) => codes.some((code) => structure.test(code)));
    const crashed = found.filter(({ exit }) => exit > 1);
    const own = Array.from({ length: 9 }, () => timed(['contract', 'check', join(root, 'dist/plugins/tasmota')]).ms);
    const checks = checkTimes();
    const mutants = mutantsKilled();
    return {
      title: 'Admission',
      conditions: `Compiled build. Corpus: ${found.length} published packages, each held against the contract that "contract init" drafts from it, so that every structural violation would be a false refusal; packages come without their dependencies, whose absence is counted apart.`,
      columns: ['what', 'value'],
      rows: [
        ['packages of the corpus', found.length],
        ['falsely refused for their structure', refused.length],
        ['ended in a configuration error or crash', crashed.length],
        ['command start to exit, own plugin, median of 9, s', median(own) / 1000],
        ['new version of a 50 KB plugin against its contract, p50 of 100, ms', checks.sameContract.p50],
        ['new version of a 50 KB plugin against its contract, p95 of 100, ms', checks.sameContract.p95],
        ['the same in CPU time, p50, ms', checks.sameContract.cpu],
        [`with a contract of ${checks.contractKB} KB that is new as well, p95 of 100, ms`, checks.newContract.p95],
        ['the same in CPU time, p50, ms', checks.newContract.cpu],
        ['changed signatures caught', mutants],
      ],
      verdict: [
        ...refused.map(
          ({ name, codes }) => `${name}: ${[...new Set(codes.filter((code) => structure.test(code)))].join(', ')}.`,
        ),
        ...crashed.map(({ name, exit }) => `${name}: exit ${exit}.`),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing when the registry does not have the package. */
function checkPublished(name: string, folder: string): { name: string; codes: readonly string[]; exit: number }[] {
  const packed = spawnSync('npm', ['pack', name, '--silent', '--pack-destination', folder], { encoding: 'utf8' });
  const archive = packed.stdout.trim().split('\n').at(-1) ?? '';
  if (packed.status !== 0 || archive === '') return [];
  const at = join(folder, name.replaceAll('/', '_'));
  mkdirSync(at);
  execFileSync('tar', ['xzf', join(folder, archive), '-C', at, '--strip-components=1']);
  const contract = join(folder, `${name}.contract.yaml`);
  const drafted = timed(['contract', 'init', at, '--out', contract]);
  if (drafted.exit !== 0) return [{ name, codes: [], exit: Math.max(2, drafted.exit) }];
  const { printed, exit } = timed(['contract', 'check', at, '--contract', contract, '--format', 'json']);
  const { violations = [] } = JSON.parse(printed) as Answer;
  const errors = violations.filter(({ severity }) => severity === undefined || severity === 'error');
  return [{ name, codes: errors.map(({ code }) => code), exit }];
}

function timed(args: readonly string[]): { ms: number; exit: number; printed: string } {
  const startedAt = performance.now();
  const { status, stdout } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { ms: performance.now() - startedAt, exit: status ?? 3, printed: stdout };
}

interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly cpu: number;
}

/** Versions of one plugin of 50 KB, each checked once in a process that has started. */
function checkTimes(): { sameContract: Times; newContract: Times; contractKB: number } {
  const printed = execFileSync(process.execPath, [join(root, 'bench/check-times.ts')], { encoding: 'utf8' });
  return JSON.parse(printed) as ReturnType<typeof checkTimes>;
}

function mutantsKilled(): string {
  const file = join(root, 'test/unit/admission/code/signature-mutants.test.ts');
  const { stdout } = spawnSync(process.execPath, ['--test', file], { cwd: root, encoding: 'utf8' });
  return /signature mutants denied: (.+)/.exec(stdout)?.[1] ?? 'the test did not say';
}
