import type { Devices } from './core/devices.ts';
import type { RuleEngine } from './core/engine.ts';
import type { Now } from './core/evaluate.ts';
import type { Instance } from './core/instance.ts';

/** Changes come in numbers: devices are looked at anew when the first of them is so long ago. */
const afterMs = 500;

/** Keeps the rules in step with where devices stand and what they are. */
export interface RegistryFollower extends Disposable {
  /** One device changed; undefined: places, and whatever stands in them. */
  changed(device: string | undefined): void;
}

export function followRegistry(parts: {
  readonly engine: RuleEngine;
  readonly devices: Devices;
  readonly now: () => Now;
  /** These scopes are no more. */
  readonly onGone: (instances: readonly Instance[]) => void;
  readonly onSettled: () => void;
}): RegistryFollower {
  const { engine, devices } = parts;
  let waiting: NodeJS.Timeout | undefined;
  const reconcile = (): void => {
    waiting = undefined;
    parts.onGone(engine.reconcile(parts.now()));
    parts.onSettled();
  };
  return {
    changed(device) {
      devices.refresh(device);
      engine.forgetDevice(device);
      waiting ??= setTimeout(reconcile, afterMs).unref();
    },
    [Symbol.dispose]: () => clearTimeout(waiting),
  };
}
