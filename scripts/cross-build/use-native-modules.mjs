// Runs inside the target's root file system: loads and uses every native module, prints one line of JSON about the machine.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The shipped modules, wherever this script lies.
const require = createRequire('/usr/lib/portcullis/app/package.json');
const folder = mkdtempSync(join(tmpdir(), 'native-'));

function expect(fact, complaint) {
  if (!fact) throw new Error(complaint);
}

const Database = require('better-sqlite3');
const database = new Database(join(folder, 'native.db'));
database.pragma('journal_mode = WAL');
database.exec('CREATE TABLE t (x); INSERT INTO t VALUES (42)');
expect(database.prepare('SELECT x FROM t').get().x === 42, 'better-sqlite3 does not read what it wrote');
database.close();

const { Epoll } = require('epoll');
new Epoll(() => undefined).close();

const { SerialPort } = require('serialport');
const missing = await new Promise((resolve) => new SerialPort({ path: '/dev/no-such-port', baudRate: 9600 }, resolve));
expect(/No such file/.test(missing?.message ?? ''), `serialport did not look for a port: ${missing}`);

const { parseSync } = require('oxc-parser');
expect(parseSync('a.ts', 'const a: number = 1').program.body.length === 1, 'oxc-parser does not parse');

expect(Number.isInteger(require('@napi-rs/nice').getCurrentProcessPriority()), 'nice does not know its priority');
expect(require('@node-rs/crc32').crc32c('123456789') === 0xe3069283, 'crc32 miscounts');

rmSync(folder, { recursive: true });
console.log(JSON.stringify({ node: process.version, arch: process.arch }));
