// Loaded into the gateway's process by the demo: when the demo dies without a word, the channel to it closes and the
// gateway stops as if asked to. Nothing that the demo started outlives it.
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
