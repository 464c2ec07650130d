import { PortcullisError } from '../../contracts/errors.ts';
import type { HistoryAnswer, HistoryMetric, HistoryPoint, HistoryReader } from '../../contracts/history.ts';
import { tierLengths, type Tier } from './options.ts';
import type { Found, HistoryStats, Place, ScanQuestion, SeriesFound } from './questions.ts';
import { pointsOfRuns, pointsOfSlots } from './points.ts';
import { samplesOf, slotsOf, type Ask } from './read-slices.ts';
import { requireRange, resolutionOf } from './resolution.ts';
import type { Slots } from './slots.ts';

export interface HistoryDeps {
  /** The half that follows the log in the writer thread. */
  readonly askFollower: (question: unknown) => Promise<unknown>;
  readonly followed: () => Promise<void>;
}

/** Where a reader of pages stands: the series among those of the metric, and the place in it. */
export interface PageCursor {
  readonly series: number;
  readonly place?: Place | undefined;
}

export interface HistoryPage {
  readonly unit: string;
  readonly points: readonly HistoryPoint[];
  /** Undefined at the end. */
  readonly next: PageCursor | undefined;
}

export interface History extends HistoryReader {
  /**
   * All that is kept of a metric in one tier, page by page, in the order in which it was kept: what came late comes
   * late, and a slot that came in parts comes in parts. For whoever takes all of it.
   */
  page(want: PageWant, cursor?: PageCursor): Promise<HistoryPage>;
  /** What is told of a device is not answered any more; its bytes go with their blocks. */
  forget(device: string): Promise<void>;
  stats(): Promise<HistoryStats>;
}

export interface PageWant {
  readonly device: string;
  readonly metric: string;
  readonly from: number;
  readonly to: number;
  readonly tier: Tier;
}

/** The main thread's half: asks slice by slice, so that commits go between, and puts the slices together. */
export function openHistory({ askFollower, followed }: HistoryDeps): History {
  const ask: Ask = (question) => askFollower(question) as never;

  const find = async (device: string, metric: string): Promise<Found> => {
    await followed();
    return ask({ ask: 'find', device, metric });
  };

  return {
    async query(query) {
      requireRange(query);
      const { device, metric, from, limit } = query;
      const found = await find(device, metric);
      const series = comparable(found.series);
      const [first] = series;
      if (first === undefined) {
        throw new PortcullisError('NOT_FOUND', `History knows no metric "${metric}" of the device "${device}".`);
      }
      const head = { device, metric, ...(first.unit !== '' && { unit: first.unit }) };
      const runs = from >= found.keptFrom[0] || first.type === 'text' ? await samplesOf(ask, query, series) : undefined;
      if (runs !== undefined) return { ...head, resolutionMs: 0, points: pointsOfRuns(runs, first) };
      if (first.type === 'text') {
        throw new PortcullisError('COMMAND_INVALID', `There are more than ${limit} texts; ask for a shorter range.`);
      }
      const resolutionMs = resolutionOf(query, found.keptFrom);
      const slots = await slotsOf(ask, query, series, resolutionMs);
      return { ...head, resolutionMs, points: pointsOfSlots(slots, first) } satisfies HistoryAnswer;
    },
    async metrics(device): Promise<readonly HistoryMetric[]> {
      await followed();
      return ask({ ask: 'metrics', device });
    },
    async page({ device, metric, from, to, tier }, { series: index, place } = { series: 0 }) {
      requireRange({ from, to, limit: 1 });
      const { series } = place === undefined ? await find(device, metric) : await ask({ ask: 'find', device, metric });
      const one = series[index];
      if (one === undefined) return { unit: '', points: [], next: undefined };
      const question: ScanQuestion = {
        ask: 'scan',
        device,
        series: [one.id],
        from,
        to,
        tier,
        slotMs: tierLengths[tier],
      };
      const answer = await ask(place === undefined ? question : { ...question, place });
      const slots: Slots = new Map(answer.slots.map((slot) => [slot.at, slot]));
      const points = tier === 0 ? pointsOfRuns(answer.samples, one) : pointsOfSlots(slots, one);
      const next = answer.place ? { series: index, place: answer.place } : { series: index + 1 };
      return { unit: one.unit, points, next: next.series < series.length ? next : undefined };
    },
    forget: async (device) => {
      await followed();
      await ask({ ask: 'forget', device });
    },
    stats: () => ask({ ask: 'stats' }),
  };
}

/** Series of one name that can be put together: of the type and unit that came last. */
function comparable(series: readonly SeriesFound[]): readonly SeriesFound[] {
  const last = series.at(-1);
  return series.filter(({ type, unit }) => type === last?.type && unit === last.unit);
}
