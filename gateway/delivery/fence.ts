import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Fence } from '../../contracts/fence.ts';
import type { GatewayEpoch } from '../../contracts/passport.ts';
import type { Sink } from '../../contracts/sink.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { tell } from '../observability/channels.ts';

const fileName = 'fenced';
const fileSchema = z.object({ epoch: z.int().min(1).max(4_000), by: z.string().max(64) });

interface FenceOptions {
  readonly dataDir: string;
  readonly gateway: string;
  readonly identity: GatewayEpoch;
  readonly log: Logger;
}

/** Opens the fence; one that was raised before stays so over restarts, until `takeOver`. Closing waits until that is noted. */
export async function openFence({ dataDir, gateway, identity, log }: FenceOptions): Promise<Fence & AsyncDisposable> {
  const raised = new AbortController();
  const file = join(dataDir, fileName);
  let noted: Promise<void> | undefined;
  const detail =
    `Another gateway runs as ${gateway}. This one delivers nothing any more and keeps what comes in. ` +
    'Switch one of them off; if it is the other, run "portcullis passport take-over" here.';
  const show = (active: boolean): void => tell('alarm', { code: 'GATEWAY_FENCED', subject: gateway, active, detail });
  const raise = (by: string): void => {
    if (raised.signal.aborted) return;
    raised.abort();
    log.error({ by, epoch: identity.epoch }, detail);
    show(true);
  };
  const known = await readFenced(dataDir);
  if (known !== undefined && known.epoch >= identity.epoch) raise(known.by);
  return {
    gateway,
    identity,
    signal: raised.signal,
    raise(by, epoch = identity.epoch) {
      if (raised.signal.aborted) return;
      raise(by);
      noted = atomicWrite(file, `${JSON.stringify({ epoch, by })}\n`).catch((err: unknown) =>
        log.error({ err }, 'cannot note that another gateway runs; the far sides tell it again'),
      );
    },
    async [Symbol.asyncDispose]() {
      await noted;
      if (raised.signal.aborted) show(false);
    },
  };
}

async function readFenced(dataDir: string): Promise<z.infer<typeof fileSchema> | undefined> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(join(dataDir, fileName), 'utf8')));
  } catch {
    // Unreadable is as good as none: the far sides tell it again.
    return undefined;
  }
}

/** The epoch above all that is known, for a gateway that is to run in place of the other one; no gateway may use the folder. */
export async function epochAbove(dataDir: string, { epoch }: GatewayEpoch): Promise<number> {
  return Math.max(epoch, (await readFenced(dataDir))?.epoch ?? 0) + 1;
}

export const forgetFence = (dataDir: string): Promise<void> => rm(join(dataDir, fileName), { force: true });

/** A sink that delivers while this gateway is the one that runs. */
export function fencedSink(sink: Sink, { signal }: Fence): Sink {
  return {
    name: sink.name,
    limits: sink.limits,
    async connect(wait) {
      if (signal.aborted) throw new PortcullisError('SINK_REFUSED', 'Another gateway runs in place of this one.');
      await sink.connect(wait);
    },
    async write(batch, wait) {
      if (!signal.aborted) return sink.write(batch, wait);
      return { verdicts: batch.items.map(() => ({ is: 'keep' })), pause: { reason: 'fenced', forMs: 'stopped' } };
    },
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}
