import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemTimeZone } from '../../../gateway/config/system-time-zone.ts';

const asked = new Date().getTimezoneOffset() === 0 ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;

interface Machine {
  readonly zones: string;
  readonly link: string;
  readonly linkTo: (zone: string) => string;
}

/** A folder with zones, as `/usr/share/zoneinfo` has them, and a copy of one as the zone of the system. */
function machine(t: TestContext, ...names: readonly string[]): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-zone-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [zones, link] = [join(folder, 'zoneinfo'), join(folder, 'localtime')];
  for (const file of [link, ...names.map((name) => join(zones, name))]) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'TZif2');
  }
  const linkTo = (zone: string): string => {
    const made = join(folder, zone.replaceAll('/', '_'));
    symlinkSync(join(zones, zone), made);
    return made;
  };
  return { zones, link, linkTo };
}

test('the zone is what the link of the system names, and what TZ names before it', (t) => {
  const far = 'America/Argentina/Buenos_Aires';
  const { zones, linkTo } = machine(t, 'Europe/Berlin', far, 'Etc/UTC', 'Asia/Tokyo');
  assert.equal(systemTimeZone({ link: linkTo('Europe/Berlin'), zones }), 'Europe/Berlin');
  const link = linkTo(far);
  assert.equal(systemTimeZone({ link, zones }), far);
  assert.equal(systemTimeZone({ link: linkTo('Etc/UTC'), zones }), 'UTC');
  assert.equal(systemTimeZone({ variable: 'Asia/Tokyo', link, zones }), 'Asia/Tokyo');
});

test('what names no zone of the machine is Intl’s to answer', (t) => {
  const { zones, link, linkTo } = machine(t, 'Etc/GMT-3');
  assert.equal(systemTimeZone({ link, zones }), asked, 'a copy of the file');
  assert.equal(systemTimeZone({ link: join(zones, 'none'), zones }), asked, 'no file');
  assert.equal(systemTimeZone({ link: linkTo('Mars/Base'), zones }), asked, 'a link that leads nowhere');
  assert.equal(systemTimeZone({ link: linkTo('Etc/GMT-3'), zones }), asked, 'a distance, not a place');
  for (const variable of ['Mars/Base', 'CET-1CEST,M3.5.0,M10.5.0/3', ':/etc/other', 'A/../../etc/passwd']) {
    assert.equal(systemTimeZone({ variable, link, zones }), asked, variable);
  }
});

test('on this machine it is a zone that Intl knows, and its own answer', () => {
  const found = new Intl.DateTimeFormat('en', { timeZone: systemTimeZone() }).resolvedOptions().timeZone;
  assert.equal(found, asked);
});
