import { tell } from '../observability/channels.ts';

/** Nothing was lost for so long: the rules have caught up. */
const quietMs = 10_000;

/** Tells that rules do not see all of what devices say, and has them look again at how devices are when that is over. */
export interface FallingBehind extends Disposable {
  lost(): void;
}

export function fallingBehind(onOver: () => void): FallingBehind {
  let timer: NodeJS.Timeout | undefined;
  const over = (): void => {
    timer = undefined;
    condition(false, 'The rules see everything that devices say.');
    onOver();
  };
  return {
    lost() {
      if (timer === undefined) condition(true, detail);
      clearTimeout(timer);
      timer = setTimeout(over, quietMs).unref();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

const detail =
  'Devices say more than the rules can look at: they miss telemetry, and in the worst case more. Switch off rules that look at many devices, or let devices report less often.';

function condition(active: boolean, detail: string): void {
  tell('alarm', { code: 'rules-behind', subject: 'rules', active, detail });
}
