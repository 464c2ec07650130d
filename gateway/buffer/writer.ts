import { parentPort, workerData } from 'node:worker_threads';
import type { OpenFollower } from '../../contracts/log-follower.ts';
import type { WriterData } from './protocol.ts';

/** The file of the writer thread, from source and from the build alike. */
export const filename = import.meta.filename;

/** Marks the start data of this thread, because whoever reads `filename` runs this module too. */
export const writerMark = 'portcullis-buffer-writer';

const data = workerData as { mark?: string; start: WriterData } | null;

// The driver is loaded here only: the main thread does without its memory.
if (parentPort && data?.mark === writerMark) {
  const { serve } = await import('./writer-thread.ts');
  const { follower } = data.start.options;
  const module = follower && ((await import(follower.filename)) as { openFollower: OpenFollower });
  serve(parentPort, data.start, module?.openFollower);
}
