import type { Line } from '../asking/live.ts';
import { Status } from './parts.tsx';

/** Whether values come by themselves. */
export function LineStatus({ line }: { line: Line }) {
  if (line === 'opening') return null;
  return line === 'live' ? (
    <Status tone="good">Live</Status>
  ) : (
    <Status tone="warn">Not live: asked every few seconds</Status>
  );
}
