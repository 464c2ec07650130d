import { createHash, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { inDataFolder } from './data-folder.ts';
import { adminToken } from './identity.ts';
import { readConfigured, readIfThere } from './read-text.ts';
import type { Config } from './schema.ts';

/** Whether somebody has taken possession of the gateway, by the claim code that came with it. */
export interface Ownership {
  isClaimed(): boolean;
  /**
   * Takes possession, once, and gives the administrator token. Throws NOT_ALLOWED for a wrong code, OVERLOADED after too many of them, CONFLICT when it was
   * claimed before. It is durable when this resolves; `before` is awaited while the code is good, and spends nothing when it rejects.
   */
  claim(code: string, before?: () => Promise<unknown>): Promise<string>;
}

/** A code of 8 of 30 letters has 2^39 values: at this rate half of them take a million years. */
const wrongCodes = 5;
const perMs = 10 * 60_000;

const fileName = 'claimed';

/** A gateway without `claim` in its configuration belongs to who wrote the configuration. `monoMs` is monotonic time. */
export async function openOwnership(
  { claim, dataDir }: Pick<Config, 'claim' | 'dataDir'>,
  monoMs: () => number,
): Promise<Ownership> {
  const file = join(dataDir, fileName);
  let isClaimed = claim === undefined || (await readIfThere(file)) !== undefined;
  const expected = claim === undefined || isClaimed ? '' : await readConfigured(claim.codeFile, 'claim.codeFile');
  let isBeingClaimed = false;
  let wrong = { since: -Infinity, count: 0 };
  return {
    isClaimed: () => isClaimed,
    claim: async (code, before) => {
      if (isClaimed) throw spent();
      const now = monoMs();
      if (now - wrong.since > perMs) wrong = { since: now, count: 0 };
      if (wrong.count >= wrongCodes)
        throw new PortcullisError('OVERLOADED', 'Too many wrong codes. Wait ten minutes, then read the code again.');
      if (!isSame(code, expected)) {
        wrong.count += 1;
        throw new PortcullisError('NOT_ALLOWED', 'That is not the claim code of this gateway.');
      }
      const token = await adminToken(dataDir);
      if (isClaimed || isBeingClaimed) throw spent();
      isBeingClaimed = true;
      try {
        await before?.();
        isClaimed = true;
        await inDataFolder(dataDir, () => atomicWrite(file, 'by its claim code\n'));
      } catch (error) {
        isClaimed = false;
        throw error;
      } finally {
        isBeingClaimed = false;
      }
      return token;
    },
  };
}

const spent = (): PortcullisError =>
  new PortcullisError('CONFLICT', 'This gateway was claimed before; its code is spent.');

/** Hashes have one length, so that the time of the comparison tells nothing. Letters count, not their case or spaces. */
function isSame(given: string, expected: string): boolean {
  const hash = (text: string): Buffer =>
    createHash('sha256').update(text.replaceAll(/[\s-]/g, '').toUpperCase()).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
