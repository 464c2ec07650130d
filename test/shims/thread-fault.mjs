// Imported into the daemon by NODE_OPTIONS, in each of its threads. The file THREAD_FAULT_FILE holds what happens and where:
// `crash writer` throws where nobody catches it, once; `stall writer` and `stall main` stop the thread while the file is there.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

const file = process.env.THREAD_FAULT_FILE;
const mine = isMainThread ? 'main' : workerData?.mark?.includes?.('writer') ? 'writer' : undefined;

const look = () => {
  if (!existsSync(file)) return;
  const [fault, thread] = readFileSync(file, 'utf8').split(' ');
  if (thread !== mine) return;
  if (fault === 'crash') {
    rmSync(file);
    throw new Error('this thread was told to crash');
  }
  while (existsSync(file));
};
if (file !== undefined && mine !== undefined) setInterval(look, 50).unref();
