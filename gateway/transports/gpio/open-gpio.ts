import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { GpioLines } from '../../../contracts/handles.ts';
import type { Ingest } from '../../../contracts/pipeline.ts';
import type { Outbound } from '../../../contracts/plugin.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import { openFeed } from '../feed.ts';
import { boardsWith } from './boards.ts';
import { chooseWay } from './choose-way.ts';
import { counterLine, type PulseCount } from './counter-line.ts';
import { findLine, placeOf } from './find-line.ts';
import { inputLine } from './input-line.ts';
import { keepLine, type KeptLine, type LineState, type LineUser } from './keep-line.ts';
import { lendLines } from './lend-lines.ts';
import { gpioLimits, type GpioLineOptions, type GpioOptions } from './options.ts';
import { outputLine, type OutputLine } from './output-line.ts';
import { speakFor, type Speak } from './speak.ts';
import type { GpioWay } from './way.ts';

export interface GpioDeps {
  readonly ingest: Ingest;
  readonly store: TableStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Instead of the kernel's. */
  readonly way?: GpioWay | undefined;
}

export interface GpioLineStatus {
  readonly line: string;
  readonly as: GpioLineOptions['as'];
  /** As the configuration names it. */
  readonly place: string;
  readonly state: LineState;
}

/** The GPIO lines of the configuration. Close it before ingest. */
export interface GpioTransport extends AsyncDisposable {
  status(): readonly GpioLineStatus[];
  /**
   * Sets the output of a message `gpio/<line>/set` with the payload `on` or `off`. Resolves when it is set. Rejects with
   * COMMAND_INVALID for anything else and with DEVICE_UNREACHABLE.
   */
  send(outbound: Outbound): Promise<void>;
  /** The other lines, for plugins that were granted one. */
  readonly lines: GpioLines;
}

/** Never fails for a line: one that is missing or in use is tried again. */
export async function openGpio(
  options: GpioOptions,
  { ingest, store, clock, log, way: given }: GpioDeps,
): Promise<GpioTransport> {
  const stack = new AsyncDisposableStack();
  const boards = boardsWith(options.board);
  const outputs = new Map<string, OutputLine>();
  const kept: { readonly options: GpioLineOptions; readonly line: KeptLine }[] = [];
  if (options.lines.length > 0) {
    const way = asking(given ?? (await chooseWay(options)));
    const counts = await readCounts(store);
    const user = (line: GpioLineOptions, speak: Speak): LineUser => {
      if (line.as === 'input') return inputLine(line, speak, way);
      if (line.as === 'counter') {
        return counterLine(line, counts.get(line.name) ?? { count: 0, since: Math.round(clock.wallMs()) }, speak, way);
      }
      const output = outputLine(line, speak, way);
      outputs.set(line.name, output);
      return output;
    };
    const feed = stack.use(openFeed({ stage: 'gpio', maxWaitingBytes: gpioLimits.maxWaitingBytes }, { ingest, log }));
    const taken = new Map<string, string>();
    for (const line of options.lines) {
      const speak = speakFor(line, { feed, clock });
      kept.push({ options: line, line: stack.use(keepLine(line, user(line, speak), { way, boards, taken, log })) });
    }
  }
  return {
    status: () =>
      kept.map(({ options: { name, as, place }, line }) => ({
        line: name,
        as,
        place: placeOf(place),
        state: line.state,
      })),
    async send({ topic, payload }) {
      const [, name = '', word] = topic.split('/');
      const output = outputs.get(name);
      if (output === undefined || word !== 'set' || (payload !== 'on' && payload !== 'off')) {
        throw new PortcullisError(
          'COMMAND_INVALID',
          `No output of a GPIO line belongs to ${topic}, or it is neither on nor off.`,
        );
      }
      await output.set(payload === 'on' ? 1 : 0);
    },
    lines: lendLines(
      async () => given ?? chooseWay(options),
      (line) =>
        options.lines.some(({ place }) => {
          const found = findLine(place, [line.chip], boards);
          return found.is === 'found' && found.at.offset === line.offset;
        }),
    ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** All lines look for their chips at the same time: one look is enough. */
function asking(way: GpioWay): GpioWay {
  let looking: ReturnType<GpioWay['chips']> | undefined;
  return {
    ...way,
    chips: () => (looking ??= way.chips().finally(() => (looking = undefined))),
  };
}

async function readCounts(store: TableStore): Promise<ReadonlyMap<string, PulseCount>> {
  const rows = await store.read('gpio.counts', []);
  return new Map(rows.map(({ line, count, since }) => [String(line), { count: Number(count), since: Number(since) }]));
}
