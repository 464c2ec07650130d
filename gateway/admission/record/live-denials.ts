import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import type { ViolationCode } from '../codes.ts';
import { violation } from '../violation.ts';
import { decisionKey, openRecords } from './open-records.ts';

/** A plugin that was admitted by what can be read, and denied by what it did when it was loaded. */
export interface LiveDenial {
  readonly name: string;
  readonly code: ViolationCode;
  readonly detail: string;
}

/**
 * Adds one record per denial to the decision log: the last one about that plugin, with the new decision, its reason and
 * `executed: true`. The process of the admission must have ended: the log has one writer. Throws FILE_UNREADABLE.
 */
export async function recordLiveDenials(
  dataDir: string,
  denials: readonly LiveDenial[],
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): Promise<void> {
  if (denials.length === 0) return;
  const home = join(dataDir, 'admission');
  const key = await decisionKey(join(home, 'decision-key.pem'));
  await using records = await openRecords(join(home, 'decisions.jsonl'), { key, log, clock });
  for (const { name, code, detail } of denials) {
    const admitted = records.last(name);
    if (admitted === undefined) continue;
    const path = code === 'PC-R206' ? 'conformance.examples' : '';
    await records.append({
      ...admitted,
      at: new Date(clock.wallMs()).toISOString(),
      decision: 'DENY',
      executed: true,
      violations: [...admitted.violations, violation(code, path, { subject: name, observed: detail })],
      grants: [],
    });
  }
}
