import type { FailureCode } from './reply.ts';

/** Which calls share a limit; the vendor's limits are per project and class of API. */
export const apiClasses = ['token', 'register', 'report', 'control', 'query', 'poll'] as const;
export type ApiClass = (typeof apiClasses)[number];

/** Calls per second (1110 above it), and calls in all (28841004 above it, as a used-up trial plan says). */
export interface Quota {
  readonly perSecond?: number;
  readonly total?: number;
}
export type Quotas = Readonly<Partial<Record<ApiClass, Quota>>>;

/** Counts calls in windows of one second. `mono` is monotonic milliseconds; undefined means: go on. */
export function quotaCheck(quotas: Quotas): (api: ApiClass, mono: number) => FailureCode | undefined {
  const used = new Map<ApiClass, { second: number; inSecond: number; total: number }>();
  return (api, mono) => {
    const quota = quotas[api];
    if (!quota) return undefined;
    const second = Math.floor(mono / 1000);
    const use = used.get(api) ?? { second, inSecond: 0, total: 0 };
    used.set(api, use);
    if (use.second !== second) Object.assign(use, { second, inSecond: 0 });
    if (use.inSecond >= (quota.perSecond ?? Infinity)) return 1110;
    if (use.total >= (quota.total ?? Infinity)) return 28841004;
    use.inSecond++;
    use.total++;
    return undefined;
  };
}
