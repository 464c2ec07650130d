import { tell } from '../../observability/channels.ts';
import type { ReportPart } from './coalesce.ts';

/** Counts, once the cloud has taken them, what values lost to the data points of their product. */
export function tellLosses(parts: readonly ReportPart[]): void {
  const counts = new Map<string, number>();
  for (const { losses } of parts) for (const loss of losses) counts.set(loss, (counts.get(loss) ?? 0) + 1);
  for (const [reason, count] of counts) tell('dropped', { stage: 'projection', reason, count });
}
