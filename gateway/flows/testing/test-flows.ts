import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import { systemClock } from '../../lib/clock.ts';
import { openDesk } from '../desk.ts';
import { openPageDialer } from '../page-dialer.ts';
import { refuseUnknownTypes } from '../refuse-types.ts';
import { superviseFlows } from '../supervisor.ts';
import type { FromRuntime } from '../wire.ts';
import { openDoubles, type Done } from './doubles.ts';
import { msOf, readCases, type Expectation, type FlowCase } from './flow-case.ts';

export interface FlowTestResult {
  readonly file: string;
  /** Empty: the flow did what is expected. */
  readonly problems: readonly string[];
}

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 15);
const answerMs = 120_000;

/** Runs every case in one Node-RED, headless and confined as beside a gateway, in time that only the cases move. */
export async function testFlows(paths: readonly string[]): Promise<readonly FlowTestResult[]> {
  const cases = readCases(paths);
  for (const { flowText } of cases) refuseUnknownTypes(flowText, []);
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-flows-'));
  try {
    await using stage = await openStage(folder);
    const results: FlowTestResult[] = [];
    for (const [index, one] of cases.entries()) {
      results.push({ file: one.file, problems: await runCase(one, index, stage) });
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Stage = Awaited<ReturnType<typeof openStage>>;

async function openStage(folder: string) {
  const log = pino({ enabled: false });
  const doubles = openDoubles(startMs);
  const pages = openPageDialer();
  const heard: ((said: FromRuntime) => void)[] = [];
  const common = { credentialSecret: 'test', allow: [], filesFolder: folder, timeZone: 'UTC' };
  const supervisor = superviseFlows(
    { ...common, process: 'child', folder, memoryBytes: 512 * 1024 * 1024 },
    {
      clock: systemClock,
      log,
      pages,
      plan: { ...common, editorSecret: 'test', testFrom: startMs },
      seat(link) {
        const desk = openDesk({
          ...doubles.ports,
          files: doubles.files,
          allow: [],
          offer: (told) => link().send(told),
          onQuarantine: () => undefined,
          onSkipped: () => undefined,
        });
        return {
          answer: (ask, input) => desk.answer(ask, input),
          hear: (said) => {
            for (const ear of heard) ear(said);
          },
          [Symbol.dispose]: () => desk[Symbol.dispose](),
        };
      },
    },
  );
  /** Resolves with what Node-RED says next that fits. */
  const next = async <Said extends FromRuntime>(fits: (said: FromRuntime) => said is Said, act: () => void) => {
    const { promise, resolve, reject } = Promise.withResolvers<Said>();
    const ear = (said: FromRuntime): void => {
      if (fits(said)) resolve(said);
    };
    heard.push(ear);
    const late = new PortcullisError('GATEWAY_UNREACHABLE', `Node-RED does not answer. ${supervisor.because}`);
    const timer = setTimeout(() => reject(late), answerMs);
    try {
      act();
      return await promise;
    } finally {
      clearTimeout(timer);
      heard.splice(heard.indexOf(ear), 1);
    }
  };
  let turn = 0;
  await next(
    (said) => said.is === 'joined',
    () => supervisor.begin(),
  );
  return {
    doubles,
    async advance(ms: number): Promise<void> {
      const own = (turn += 1);
      await next(
        (said): said is Extract<FromRuntime, { is: 'settled' }> => said.is === 'settled' && said.turn === own,
        () => supervisor.link?.send({ is: 'advance', turn: own, ms }),
      );
    },
    /** Resolves with why the flow does not run; empty when it does. */
    async deploy(flows: string): Promise<string> {
      doubles.setFlows(flows);
      const said = await next(
        (said): said is Extract<FromRuntime, { is: 'flows' }> => said.is === 'flows',
        () => supervisor.link?.send({ is: 'reload' }),
      );
      return said.running ? '' : said.detail;
    },
    async [Symbol.asyncDispose]() {
      await supervisor[Symbol.asyncDispose]();
      pages[Symbol.dispose]();
    },
  };
}

async function runCase({ at, flowText, steps }: FlowCase, index: number, stage: Stage): Promise<string[]> {
  const { doubles } = stage;
  await stage.deploy('[]');
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  const beginMs = startMs + index * 2 * dayMs + (hours * 60 + minutes) * 60_000;
  await stage.advance(Math.max(0, beginMs - doubles.nowMs()));
  doubles.begin(beginMs);
  const stopped = await stage.deploy(flowText);
  if (stopped !== '') return [`The flow does not start: ${stopped}`];
  await stage.advance(0);
  const problems: string[] = [];
  for (const [number, step] of steps.entries()) {
    if ('measure' in step) {
      doubles.measure(step.measure);
      await stage.advance(0);
    } else if ('advance' in step) {
      await stage.advance(msOf(step.advance));
      doubles.pass(msOf(step.advance));
    } else problems.push(...compare(number + 1, step.expect, doubles.taken()));
    if (doubles.nowMs() > beginMs + dayMs) return [...problems, 'A case may last one day.'];
  }
  return problems;
}

function withoutSeverity({ code, subject, op }: Omit<Done['alarms'][number], 'severity'>) {
  return { code, subject, op };
}

function compare(step: number, { commands, alarms }: Expectation, done: Done): string[] {
  const raised = alarms.map(withoutSeverity);
  const told = done.alarms.map(withoutSeverity);
  const wrongSeverity = alarms.some(
    ({ severity }, at) => severity !== undefined && severity !== done.alarms[at]?.severity,
  );
  return [
    ...(isDeepStrictEqual(done.commands, commands) ? [] : [sentence(step, 'commands', commands, done.commands)]),
    ...(isDeepStrictEqual(told, raised) && !wrongSeverity ? [] : [sentence(step, 'alarms', alarms, done.alarms)]),
  ];
}

function sentence(step: number, what: string, expected: unknown, actual: unknown): string {
  return `Step ${step}: expected ${what} ${JSON.stringify(expected)}, but there were ${JSON.stringify(actual)}.`;
}
