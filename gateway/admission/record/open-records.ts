import type { KeyObject } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import { atomicWrite } from '../../lib/atomic-write.ts';
import type { Clock } from '../../lib/clock.ts';
import { tell } from '../../observability/channels.ts';
import { generateSigner, readPrivateKey } from '../integrity/signature.ts';
import { openDecisionLog } from './decision-log.ts';
import type { DecisionLog } from './decision-log.ts';

/** The decision log. A broken one is set aside with an alarm, and a new one begins. */
export async function openRecords(
  path: string,
  { key, log, clock }: { readonly key: KeyObject; readonly log: Logger; readonly clock: Clock },
): Promise<DecisionLog> {
  try {
    return await openDecisionLog(path, key);
  } catch (error) {
    if (!(error instanceof PortcullisError) || error.code !== 'PLUGIN_TAMPERED') throw error;
    const aside = `${path}.broken-${clock.wallMs()}`;
    await rename(path, aside);
    log.error({ err: error, aside }, 'the decision log was changed; it is set aside and a new one begins');
    tell('alarm', {
      code: 'decision_log_broken',
      subject: path,
      active: true,
      detail: `${error.message} It is kept as ${aside}.`,
    });
    return openDecisionLog(path, key);
  }
}

/** The key that signs decisions, made at the first start. */
export async function decisionKey(path: string): Promise<KeyObject> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new PortcullisError('FILE_UNREADABLE', `The decision key ${path} cannot be read.`, { cause: error });
  });
  const pem = text ?? generateSigner().privatePem;
  if (text === undefined) await atomicWrite(path, pem, 0o600);
  const key = readPrivateKey(pem);
  if (!key)
    throw new PortcullisError('FILE_UNREADABLE', `${path} holds no Ed25519 key. Move it away to start a new one.`);
  return key;
}
