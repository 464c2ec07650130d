import { readFigures, rateOver, statusLine } from './status.ts';
import type { GatewayFigures, Sample } from './status.ts';

/** Where the line goes: a terminal gets one line that is redrawn, anything else a line now and then. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const everyMs = 1000;
const plainEvery = 10;
const rateWindow = 10;

/** Reads the gateway once a second and shows one line until it is disposed. */
export function showStatus(
  httpPort: number,
  output: Output,
): AsyncDisposable & { latest(): GatewayFigures | undefined } {
  const samples: Sample[] = [];
  let latest: GatewayFigures | undefined;
  let rounds = 0;
  let reading: Promise<void> | undefined;

  const show = async (): Promise<void> => {
    const figures = await readFigures(httpPort).catch(() => undefined);
    if (figures) {
      latest = figures;
      samples.push({ monoMs: performance.now(), ingested: figures.ingested });
      if (samples.length > rateWindow) samples.shift();
    }
    const columns = output.isTTY === true ? (output.columns ?? 80) : Infinity;
    const line = statusLine(figures, rateOver(samples), columns);
    if (output.isTTY === true) output.write(`\r\u001b[2K${line.slice(0, columns - 1)}`);
    else if (rounds % plainEvery === 0) output.write(`${line}\n`);
    rounds++;
  };
  const round = (): void => {
    reading ??= show().finally(() => {
      reading = undefined;
    });
  };
  const timer = setInterval(round, everyMs);
  round();

  return {
    latest: () => latest,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await reading;
      if (output.isTTY === true && rounds > 0) output.write('\n');
    },
  };
}
