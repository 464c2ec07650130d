import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { OpenFollower } from '../../contracts/log-follower.ts';
import type { WriterData } from './protocol.ts';

/** The file of the writer thread, from source and from the build alike. */
export const filename = import.meta.filename;

/** Marks the start data of this thread, because whoever reads `filename` runs this module too. */
export const writerMark = 'portcullis-buffer-writer';

const data = workerData as { mark?: string; start: WriterData } | null;

// No top-level await: a thread that is ended while one settles, as after a database that did not open, ends the process with
// it (https://github.com/nodejs/node/issues/53238). What fails here is an unhandled rejection, and so the end of this thread.
if (parentPort && data?.mark === writerMark) void begin(parentPort, data.start);

/** The driver is loaded here only: the main thread does without its memory. */
async function begin(port: MessagePort, start: WriterData): Promise<void> {
  const { serve } = await import('./writer-thread.ts');
  const { follower } = start.options;
  const module = follower && ((await import(follower.filename)) as { openFollower: OpenFollower });
  serve(port, start, module?.openFollower);
}
