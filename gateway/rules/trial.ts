import { setImmediate as turn } from 'node:timers/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import type { HistoryPoint, HistoryReader } from '../../contracts/history.ts';
import type { TrialReport } from '../../contracts/rule-shown.ts';
import type { CompiledRule } from './compiled.ts';
import type { Devices } from './core/devices.ts';
import { RuleEngine } from './core/engine.ts';
import type { Now } from './core/evaluate.ts';
import type { Told } from './core/feeding.ts';
import { deedsOf, shownDeed } from './deeds.ts';

/** A rule, or the id of one, and the time that it is to be tried on; wall time in milliseconds. */
export interface Trial {
  readonly rule: unknown;
  readonly from: number;
  readonly to: number;
  readonly flags?: Readonly<Record<string, boolean>> | undefined;
}

const trialBounds = { maxSamples: 200_000, maxFirings: 500, maxWakes: 100_000, longestMs: 92 * 86_400_000 } as const;
const pointsPerQuery = 10_000;
const stepsPerTurn = 500;

interface Around {
  readonly devices: Devices;
  readonly history: HistoryReader;
  readonly flags: Readonly<Record<string, boolean>>;
}

interface Sample {
  readonly at: number;
  readonly told: Told;
}

/**
 * Runs a rule over history in virtual time: the same core as the running one, which does nothing. Rejects with
 * COMMAND_INVALID for a range that is none.
 */
export async function tryRule(rule: CompiledRule, trial: Omit<Trial, 'rule'>, around: Around): Promise<TrialReport> {
  const { from, to } = trial;
  if (!(from < to) || to - from > trialBounds.longestMs) {
    throw new PortcullisError(
      'COMMAND_INVALID',
      'The time to try a rule on has a begin, a later end, and 92 days at most.',
    );
  }
  const engine = new RuleEngine(around.devices);
  for (const [name, on] of Object.entries({ ...around.flags, ...trial.flags })) engine.setFlag(name, on, nowAt(from));
  engine.add(rule);
  const { samples, resolutionMs, cut } = await collect(engine, trial, around);
  const report: TrialReport = {
    rule: rule.id,
    from,
    to,
    devices: new Set(samples.map(({ told }) => told.device)).size,
    samples: samples.length,
    resolutionMs,
    firings: [],
    suspended: [],
    ...(cut !== undefined && { cutShort: cut }),
  };
  await run(engine, samples, report, around);
  return report;
}

const nowAt = (at: number): Now => ({ lived: at, wall: at });

async function run(engine: RuleEngine, samples: readonly Sample[], report: TrialReport, around: Around): Promise<void> {
  let steps = 0;
  const isEnough = (): boolean => {
    if (report.firings.length >= trialBounds.maxFirings) report.cutShort = `It fired ${trialBounds.maxFirings} times.`;
    else if (steps >= trialBounds.maxWakes + samples.length) report.cutShort = 'It looked at the time too often.';
    else return false;
    return true;
  };
  const until = async (at: number): Promise<void> => {
    for (let due = engine.nextDue; due !== undefined && due <= at && !isEnough(); due = engine.nextDue) {
      engine.advance(nowAt(due));
      note(engine, nowAt(due), report, around);
      steps += 1;
      if (steps % stepsPerTurn === 0) await turn();
    }
  };
  engine.lookAtAll(nowAt(report.from));
  note(engine, nowAt(report.from), report, around);
  for (let i = 0; i < samples.length && !isEnough();) {
    const [first] = samples.slice(i, i + 1);
    if (first === undefined) break;
    const together: Told[] = [];
    // What a device said at one time came in one message.
    for (let next = samples[i]; next?.at === first.at && next.told.device === first.told.device; next = samples[i]) {
      together.push(next.told);
      i += 1;
    }
    await until(first.at - 1);
    engine.hear(first.told.device, together, nowAt(first.at));
    note(engine, nowAt(first.at), report, around);
    steps += 1;
    if (steps % stepsPerTurn === 0) await turn();
  }
  await until(report.to);
}

/** Collects what the engine would have done; a flag that the rule sets is set, because that is part of the rule. */
function note(engine: RuleEngine, now: Now, report: TrialReport, { devices }: Around): void {
  for (let effects = engine.takeEffects(); effects.length > 0; effects = engine.takeEffects()) {
    for (const effect of effects) {
      const { instance } = effect;
      const { rule, scope } = instance;
      if (effect.is === 'suspended') report.suspended.push({ scope, at: now.lived, why: effect.why });
      if (effect.is !== 'fired' || report.firings.length >= trialBounds.maxFirings) continue;
      const { n, from, to, why, depth } = effect;
      const deeds = deedsOf(to >= 0 ? (rule.cases[to]?.actions ?? []) : rule.otherwise, effect, devices);
      for (const deed of deeds) if (deed.do === 'flag') engine.setFlag(deed.flag, deed.on, now, depth + 1);
      const name = (index: number): string | null => rule.cases[index]?.name ?? null;
      const did = deeds.map((deed) =>
        Object.assign(shownDeed(deed), { command: undefined, outcome: 'not-tried' as const }),
      );
      report.firings.push({
        rule: rule.id,
        scope,
        n,
        at: now.lived,
        from: name(from),
        to: name(to),
        why: [...why],
        depth,
        did,
      });
    }
  }
}

async function collect(engine: RuleEngine, { from, to }: Omit<Trial, 'rule'>, { devices, history }: Around) {
  const samples: Sample[] = [];
  let resolutionMs = 0;
  let cut: string | undefined;
  for (const { id } of devices.all()) {
    const interest = engine.interestIn(id);
    if (interest === undefined || (interest.byWord.size === 0 && interest.heard.length === 0)) continue;
    for (const { metric } of await history.metrics(id)) {
      const [word = '', ep] = metric.split('@');
      if (!interest.byWord.has(word) && interest.heard.length === 0) continue;
      const room = trialBounds.maxSamples - samples.length;
      if (room <= 0) {
        cut = `There are more than ${trialBounds.maxSamples} samples: try a shorter time.`;
        break;
      }
      const limit = Math.min(pointsPerQuery, room);
      const answer = await history.query({ device: id, metric, from, to, limit }).catch(noHistory);
      if (answer === undefined) continue;
      resolutionMs = Math.max(resolutionMs, answer.resolutionMs);
      const momentary = word === 'action';
      for (const point of answer.points)
        samples.push({ at: point.at, told: { device: id, word, ep, value: valueOf(point), momentary } });
    }
  }
  // A stable order: by time, then device, then word, so that the same history gives the same firings.
  samples.sort((a, b) => a.at - b.at || compare(a.told.device, b.told.device) || compare(a.told.word, b.told.word));
  return { samples, resolutionMs, cut };
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const valueOf = ({ last, mean }: HistoryPoint): Told['value'] => (typeof last === 'number' ? (mean ?? last) : last);

function noHistory(error: unknown): undefined {
  if (error instanceof PortcullisError && error.code === 'NOT_FOUND') return undefined;
  throw error;
}
