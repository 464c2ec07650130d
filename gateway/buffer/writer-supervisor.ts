import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import { tell } from '../observability/channels.ts';
import type { Clock } from '../lib/clock.ts';
import type { Operation, Operations, WriterData } from './protocol.ts';
import type { ErrorReport } from './store-error.ts';
import { startWriter, type Writer } from './writer-host.ts';

/** Keeps one writer thread alive. Requests wait while it is started again; those that were with the old one fail. */
export interface Supervisor extends AsyncDisposable {
  ask<Op extends Operation>(op: Op, ask: Operations[Op]['ask']): Promise<Operations[Op]['answer']>;
  /** `Opening.lastCommit` of the writer of now; waits while one is started again, and rejects when that fails. */
  lastCommit(): Promise<number>;
  /** Aborted with a PortcullisError when the writer cannot be brought back: the process should exit 70. */
  readonly fatal: AbortSignal;
}

export interface SupervisorDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly answerTimeoutMs: number;
}

/** More restarts than this within the window mean that starting again does not help. */
const restarts = { most: 5, withinMs: 60_000, pauseMs: 200 };

/** The first start decides: when it fails, so does opening. */
export async function superviseWriter(options: WriterData['options'], deps: SupervisorDeps): Promise<Supervisor> {
  const fatal = new AbortController();
  const stopping = new AbortController();
  const recent: number[] = [];
  let current: Promise<Writer> = Promise.resolve(await start(false));

  async function start(again: boolean): Promise<Writer> {
    const writer = await startWriter(options, { ...deps, again });
    if (options.salvage !== 'untold') reportSalvage(writer, deps.log);
    void writer.over.then((why) => {
      if (stopping.signal.aborted) return;
      current = restart(writer, why);
      // Whoever asks next sees the failure; nobody may be asking now.
      current.catch(() => undefined);
    });
    return writer;
  }

  async function restart(old: Writer, why: ErrorReport): Promise<Writer> {
    deps.log.error({ err: why }, 'the buffer writer stopped; starting it again');
    tell('alarm', { code: 'buffer-writer', subject: 'buffer', active: true, detail: why.message });
    const ended = await old.end();
    for (;;) {
      const now = performance.now();
      while (now - (recent[0] ?? now) > restarts.withinMs) recent.shift();
      recent.push(now);
      if (!ended || recent.length > restarts.most) throw giveUp(why);
      if (stopping.signal.aborted) throw new PortcullisError('STORE_CLOSED', 'The buffer is closed.');
      try {
        const writer = await start(true);
        tell('alarm', { code: 'buffer-writer', subject: 'buffer', active: false, detail: 'writing again' });
        return writer;
      } catch (error) {
        deps.log.error({ err: error }, 'the buffer did not open');
        await new Promise((resolve) => setTimeout(resolve, restarts.pauseMs * 2 ** recent.length));
      }
    }
  }

  function giveUp(why: ErrorReport): PortcullisError {
    const error = new PortcullisError('STORE_FAILED', `The buffer cannot be written: ${why.message}.`, { cause: why });
    fatal.abort(error);
    return error;
  }

  return {
    fatal: fatal.signal,
    ask: async (op, ask) => (await current).ask(op, ask),
    lastCommit: async () => (await current).opening.lastCommit,
    async [Symbol.asyncDispose]() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      const writer = await current.catch(() => undefined);
      if (!writer) return;
      try {
        await writer.ask('close', undefined);
      } catch (error) {
        deps.log.error({ err: error }, 'the buffer did not close cleanly; the next start recovers it');
      }
      await writer.end();
    },
  };
}

function reportSalvage(writer: Writer, log: Logger): void {
  const { salvaged } = writer.opening;
  if (!salvaged) return;
  log.error({ salvaged }, 'the buffer file was damaged: it was moved aside and its readable rows were taken over');
  const lost = salvaged.lostRecords === undefined ? 'an unknown number of' : String(salvaged.lostRecords);
  const detail = `${salvaged.cause}; ${salvaged.salvagedRecords} records saved, ${lost} lost, file kept in ${salvaged.quarantine}`;
  tell('alarm', { code: 'buffer-corrupt', subject: 'buffer', active: true, detail });
  if (salvaged.lostRecords) tell('dropped', { stage: 'buffer', reason: 'corruption', count: salvaged.lostRecords });
}
