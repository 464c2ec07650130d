import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const require = createRequire(import.meta.url);

// Worker.terminate() while a module's top-level await settles ends the whole process with SIGTRAP, and no fault of the disk or
// of a plugin may do that (https://github.com/nodejs/node/issues/53238).
for (const file of ['../../gateway/buffer/writer.ts', '../../gateway/preprocess/decode-worker.ts'])
  test(`no module that ${file.slice(6)} loads awaits at its top level`, () => {
    let code: string | undefined;
    try {
      require(file);
    } catch (error) {
      // A decode thread has nothing to do here, and says so after its modules are linked.
      ({ code } = error as NodeJS.ErrnoException);
    }
    assert.notEqual(code, 'ERR_REQUIRE_ASYNC_MODULE');
  });
