import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

// Preloaded into a process: writes down every module that it loads, in all of its threads.
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LIST_MODULES, `${url}\n`);
    return next(url, context);
  },
});
