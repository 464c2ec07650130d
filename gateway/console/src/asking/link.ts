import { makeStore } from './store.ts';

/** Whether the gateway answers. While it does not, one look every two seconds finds out when it is back. */
export const link = makeStore<'here' | 'gone'>('here');

const lookEveryMs = 2000;
const lookMs = 5000;
let isLooking = false;

/** Said by whoever asked the gateway and got no answer. */
export function lost(): void {
  link.set('gone');
  if (isLooking) return;
  isLooking = true;
  setTimeout(() => void look(), lookEveryMs);
}

async function look(): Promise<void> {
  const isBack = await fetch('/healthz', { signal: AbortSignal.timeout(lookMs), cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!isBack) return void setTimeout(() => void look(), lookEveryMs);
  isLooking = false;
  link.set('here');
}
