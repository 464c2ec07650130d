import type { GatewayLine } from './gateway-line.ts';
import type { MemoryContext } from './red.ts';

/** A flow may change its context many times a second; the card is written to once in this time for each scope. */
const flushMs = 10_000;

/**
 * Context of flows and nodes: in memory, and each scope as one row of the gateway's database. A scope that cannot be read is
 * put into quarantine by itself; every other one is there. What changed in the last seconds before a power cut is lost.
 */
export function gatewayContext(memory: MemoryContext, gateway: Pick<GatewayLine, 'ask'>, warn: (text: string) => void) {
  const changed = new Set<string>();
  const stored = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const all = memory._export();
    const scopes = [...changed];
    for (const scope of scopes) {
      changed.delete(scope);
      try {
        await gateway.ask('context.write', { scope, text: JSON.stringify(all[scope] ?? {}) });
        stored.add(scope);
      } catch (error) {
        warn(`The context of ${scope} is not kept: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  return {
    async open() {
      const { scopes } = await gateway.ask('context.read', {});
      for (const { scope, text } of scopes) {
        try {
          for (const [key, value] of Object.entries(objectIn(text))) memory.set(scope, key, value);
          stored.add(scope);
        } catch (error) {
          await gateway.ask('context.quarantine', { scope, why: String(error).slice(0, 256) });
        }
      }
    },
    close: flush,
    get: (scope: string, key: unknown, callback?: unknown) => memory.get(scope, key, callback),
    set(scope: string, key: unknown, value: unknown, callback?: unknown) {
      memory.set(scope, key, value, callback);
      changed.add(scope);
      timer ??= setTimeout(() => void flush(), flushMs);
    },
    keys: (scope: string, callback?: unknown) => memory.keys(scope, callback),
    async delete(scope: string) {
      changed.delete(scope);
      await memory.delete(scope);
      if (stored.delete(scope)) await gateway.ask('context.drop', { scopes: [scope] });
    },
    async clean(active: readonly string[]) {
      await memory.clean(active);
      const gone = [...stored].filter((scope) => scope !== 'global' && !active.includes(scope.split(':')[0] ?? ''));
      for (const scope of gone) stored.delete(scope);
      for (const scope of gone) changed.delete(scope);
      for (let at = 0; at < gone.length; at += 1_000) {
        await gateway.ask('context.drop', { scopes: gone.slice(at, at + 1_000) });
      }
    },
  };
}

function objectIn(text: string): object {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error('it is no object');
}
