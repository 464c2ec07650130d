import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateOver, statusLine, sumOfCounter, summaryLine } from '../../../../simulator/demo/status.ts';

const figures = {
  devices: 38,
  activated: 37,
  accepted: 1200,
  delivered: 1050,
  buffered: 90,
  filtered: 50,
  expired: 0,
  evicted: 0,
  deadLettered: 10,
  balanced: true,
  ingested: 1200,
  deliveredNow: 1100,
  descriptions: 20,
};

test('the status line names devices, rate, buffered, delivered, dead-lettered and the balance', () => {
  const line = statusLine(figures, 41.7);
  assert.equal(
    line,
    'portcullis  38 devices (37 activated)  42 msg/s  buffered 90  delivered 1050  dead-lettered 10  ledger balanced ✓',
  );
  assert.match(statusLine({ ...figures, balanced: false }, 4.2), /4\.2 msg\/s .* ledger balanced ✗$/);
  assert.match(statusLine(undefined, 0), /does not answer/);
});

test('a narrow terminal gets the same figures in fewer words', () => {
  const line = statusLine(figures, 41.7, 80);
  assert.equal(line, '38 devices 42 msg/s buffered 90 delivered 1050 dead-lettered 10 ledger ✓');
});

test('the last line sums up, also when the gateway gave no figures', () => {
  assert.match(
    summaryLine(figures, 61.2, 1100),
    /^Stopped after 61 s: 1200 accepted = 1050 delivered \+ 90 buffered \+ 50 filtered \+ 10 dead-lettered, l/,
  );
  assert.match(summaryLine({ ...figures, expired: 3 }, 61.2, 1100), / \+ 10 dead-lettered \+ 3 expired, l/);
  assert.match(summaryLine(figures, 61.2, 1100), /the cloud took 1100 reports ✓\.$/);
  assert.match(summaryLine(figures, 61.2, 1080), /took 1080 reports, and 20 records only described a device.* ✓\.$/);
  assert.match(summaryLine(figures, 61.2, 1079), /took 1079 reports, but .* delivered 1080 ✗\.$/);
  assert.match(summaryLine(undefined, 1, 7), /the cloud took 7 reports/);
});

test('a counter is summed over its labels, and a longer name is another counter', () => {
  const text = ['# HELP a_total x', 'a_total{x="1"} 2', 'a_total{x="2"} 3.5', 'a_total_more 100', 'a_total 1', ''];
  assert.equal(sumOfCounter(text.join('\n'), 'a_total'), 6.5);
});

test('the rate is over the whole window and never negative after a restart', () => {
  const at = (monoMs: number, ingested: number) => ({ monoMs, ingested });
  assert.equal(rateOver([]), 0);
  assert.equal(rateOver([at(0, 5)]), 0);
  assert.equal(rateOver([at(0, 0), at(1000, 7), at(2000, 30)]), 15);
  assert.equal(rateOver([at(0, 100), at(1000, 3)]), 0);
});
