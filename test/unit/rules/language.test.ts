import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Condition } from '../../../contracts/rule-condition.ts';
import { parseExpression } from '../../../gateway/rules/language/expression.ts';
import { parsePattern } from '../../../gateway/rules/language/pattern.ts';
import { readRule, ruleFrom } from '../../../gateway/rules/language/read-rule.ts';
import { sunTime } from '../../../gateway/rules/schedule/sun.ts';
import { timeWindow } from '../../../gateway/rules/schedule/window.ts';
import { bench, berlin, compiled, paperDevices } from './rig.ts';

const house = paperDevices({ t1: { room: 'Bath' }, out: { tags: ['outdoor'] } });
const rule = (when: Condition) => ({ id: 'r', name: 'r', when });

test('what repeats, backtracks or is too large is refused in an expression', () => {
  const hostile = [
    '[1,2,3].map(a, [1,2,3].map(b, [1,2,3].map(c, a))).size() > 1',
    '[1,2].all(x, x > 0)',
    's.matches("(a+)+$")',
    'cel.bind(x, s + s, x + x) == s',
    '{"a": 1}["a"] == 1',
    'timestamp("2020-01-01T00:00:00Z") > timestamp("1970-01-01T00:00:00Z")',
    `${'('.repeat(100)}a${')'.repeat(100)} > 1`,
    Array(200).fill('a > 1').join(' && '),
    'nobody > 1',
    'a + 1',
  ];
  for (const text of hostile) assert.throws(() => parseExpression(text, ['a', 's']), Error, text.slice(0, 40));
});

test('any text is an expression or an error, and any value an answer or none', () => {
  const words = fc.constantFrom(
    'a',
    's',
    '1',
    '2.5',
    '"x"',
    '+',
    '-',
    '*',
    '/',
    '>',
    '==',
    '&&',
    '||',
    '!',
    '(',
    ')',
    '?',
    ':',
    'in',
    '[',
    ']',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 20 }), fc.double(), fc.string(), (parts, a, s) => {
      let run: ReturnType<typeof parseExpression>;
      try {
        run = parseExpression(parts.join(' '), ['a', 's']);
      } catch {
        return;
      }
      assert.ok([true, false, undefined].includes(run({ a, s })));
    }),
  );
});

test('whole numbers in an expression are meant as decimal ones; what cannot be computed is no answer', () => {
  const run = parseExpression('a * 2 + 1 > 40 && (s in ["on", "auto"] || !(a < 0))', ['a', 's']);
  assert.equal(run({ a: 20, s: 'on' }), true);
  assert.equal(run({ a: 19, s: 'on' }), false);
  assert.equal(run({ a: 19 }), undefined);
  assert.equal(parseExpression('a > s', ['a', 's'])({ a: 1, s: 'x' }), undefined);
});

test('an expression sees the values of its names, and waits until there are all', async () => {
  const when = {
    expression: 'inside - outside > 5',
    let: {
      inside: { metric: 'temperature', over: 'mean', where: { place: 'Bath' } },
      outside: { metric: 'temperature', where: { tag: 'outdoor' } },
    },
  } satisfies Condition;
  const one = await bench([rule(when)], house);
  one.says(0, 't1', { temperature: 30 });
  one.says(1, 'out', { temperature: 20 });
  assert.deepEqual(one.fired, ['1 house -→on']);
});

test('a pattern that makes RegExp hang is answered at once', () => {
  assert.equal(parsePattern('^(a+)+$')(`${'a'.repeat(1_000)}!`), false);
  assert.throws(() => parsePattern('('));
  assert.throws(() => parsePattern('(?=a)'), 'lookahead cannot be linear');
  assert.throws(() => parsePattern('(?:a?){1000}a{1000}'), /too large/);
});

test('errors name the path of what is wrong', async () => {
  const refusals: [unknown, RegExp][] = [
    [{ id: 'r', name: 'r' }, /when: either when or choose/],
    [rule({ all: [{ metric: 'temperature', above: 3, clear: 4 }] }), /when\.all\.0\.clear: must not be above/],
    [rule({ metric: 'temperature', rises: 8, within: '5m', clear: 20 }), /when\.clear: must not be above the change/],
    [rule({ metric: 'temperature', falls: 8, within: '5m', clear: 8.1 }), /when\.clear: must not be above the change/],
    [rule({ time: { at: 'noon+48h' } }), /when\.time\.at: must be at most 12h from the sun/],
    [rule({ time: { from: 'sunset-721m', to: '06:00' } }), /when\.time\.from: must be at most 12h from the sun/],
    [rule({ metric: 'contact', is: true, within: '5m' }), /when\.within: does not go with is/],
    [{ ...rule({ flag: 'a' }), do: [{ raise: 'X', clear: 'Y' }] }, /do\.0: an action has exactly one/],
    [{ ...rule({ flag: 'a' }), for: '5 minutes' }, /for: must be a number and a unit/],
    [{ ...rule({ flag: 'a' }), colour: 'red' }, /colour: unknown key/],
  ];
  for (const [document, because] of refusals) assert.throws(() => ruleFrom(document, 'x'), because);
  await assert.rejects(compiled(rule({ expression: 'a >', let: {} })), /when\.expression/);
  await assert.rejects(compiled(rule({ metric: 'x', matches: '(' })), /when/);
  await assert.rejects(
    compiled(rule({ time: { at: 'sunset' } }), { ...berlin, latitude: undefined }),
    /site\.latitude/,
  );
});

test('texts without end, without bottom, or with aliases are refused, not read', () => {
  assert.throws(() => readRule(`id: ${'x'.repeat(20_000)}`, 'x'), /longer than/);
  assert.throws(() => readRule(`when: ${'['.repeat(8_000)}`, 'x'), { code: 'CONFIG_INVALID' });
  assert.throws(() => readRule('a: &a [1]\nb: *a', 'x'), { code: 'CONFIG_INVALID' });
  let deep: unknown = { flag: 'a' };
  for (let i = 0; i < 50_000; i++) deep = { not: deep };
  assert.throws(() => ruleFrom({ id: 'r', name: 'r', when: deep }, 'x'), /too deep/);
});

const utc = (text: string): number => Date.parse(text);
const inside = (window: ReturnType<typeof timeWindow>, text: string): boolean => window(utc(text)).inside;

test('a window follows the wall clock of the site over both changes of the year', () => {
  const night = timeWindow({ from: '22:00', to: '06:00' }, berlin, undefined);
  assert.equal(inside(night, '2026-07-01T19:59:59Z'), false);
  assert.equal(inside(night, '2026-07-01T20:00:00Z'), true);
  assert.equal(inside(night, '2026-01-01T05:00:00Z'), false);
  const early = timeWindow({ from: '02:15', to: '02:45' }, berlin, undefined);
  // Autumn: 02:15 comes twice, an hour apart, and the window takes both.
  for (const at of ['2026-10-25T00:15:00Z', '2026-10-25T01:30:00Z']) assert.equal(inside(early, at), true, at);
  // Spring: 02:15 does not come, and the window is an hour later.
  assert.equal(inside(early, '2026-03-29T01:20:00Z'), true);
  const at = timeWindow({ at: '02:30', days: ['su'] }, berlin, undefined);
  assert.equal(inside(at, '2026-10-25T00:30:30Z'), true);
  assert.equal(inside(at, '2026-10-25T01:30:30Z'), false, 'a time is there once');
  assert.equal(inside(at, '2026-10-26T01:30:30Z'), false, 'and not on Monday');
});

test('a window is over midnight by its readings, also on the days when the clock is set', () => {
  const minutesInside = (time: { from: string; to: string }, from: string, to: string): number => {
    const window = timeWindow(time, berlin, sunTime);
    let minutes = 0;
    for (let at = utc(from); at < utc(to); at += 60_000) if (window(at).inside) minutes += 1;
    return minutes;
  };
  const [spring, autumn] = [
    ['2027-03-27T12:00Z', '2027-03-29T12:00Z'],
    ['2027-10-30T12:00Z', '2027-11-01T12:00Z'],
  ] as const;
  assert.equal(
    minutesInside({ from: '02:30', to: '03:00' }, ...spring),
    30,
    'the day that skips its beginning has none',
  );
  assert.equal(minutesInside({ from: '02:45', to: '03:15' }, ...spring), 30);
  assert.equal(
    minutesInside({ from: '02:15', to: '02:45' }, ...spring),
    60,
    'one that is skipped whole is an hour later',
  );
  assert.equal(
    minutesInside({ from: '02:45', to: '02:15' }, ...autumn),
    48 * 60 - 30,
    'nothing is lost where it comes twice',
  );
  const long = minutesInside({ from: 'sunset+12h', to: 'sunset+11h' }, '2027-06-01T12:00Z', '2027-06-05T12:00Z');
  assert.ok(long > 90 * 60, `${long}`);
});

test('the end of a window that is told is the end', () => {
  const windows = [{ from: '22:00', to: '06:00' }, { from: 'sunset-30m', to: 'sunrise' }, { at: '12:00' }] as const;
  const moment = fc.integer({ min: utc('2026-01-01T00:00:00Z'), max: utc('2026-12-31T00:00:00Z') });
  for (const time of windows) {
    const window = timeWindow(time, berlin, sunTime);
    fc.assert(
      fc.property(moment, (at) => {
        const { inside, until } = window(at);
        assert.ok(until > at);
        assert.equal(window(until - 1).inside, inside, new Date(at).toISOString());
      }),
      { numRuns: 50 },
    );
  }
});

test('the sun of Berlin in June, and a night that does not come beyond the polar circle', () => {
  const noon = utc('2026-06-21T11:00:00Z');
  const minutes = (one: number, other: string): number => Math.abs(one - utc(other)) / 60_000;
  assert.ok(minutes(sunTime('sunrise', noon, 52.5, 13.4), '2026-06-21T02:43:00Z') < 3);
  assert.ok(minutes(sunTime('sunset', noon, 52.5, 13.4), '2026-06-21T19:33:00Z') < 3);
  const tromso = { ...berlin, latitude: 69.6, longitude: 18.9 };
  const night = timeWindow({ from: 'sunset', to: 'sunrise' }, tromso, sunTime);
  for (const at of ['2026-06-21T00:00:00Z', '2026-06-21T12:00:00Z']) assert.equal(inside(night, at), false, at);
  for (const at of ['2026-12-21T00:00:00Z', '2026-12-21T13:00:00Z']) assert.equal(inside(night, at), true, at);
});

test('a schedule is held while nobody knows what time it is, and goes on when it is known', async () => {
  const one = await bench([rule({ time: { from: '00:00', to: '23:59' } })], house);
  one.wallAtZero = undefined;
  one.look(0);
  assert.deepEqual(one.fired, []);
  one.wallAtZero = utc('2026-01-15T12:00:00Z');
  one.look(60);
  assert.deepEqual(one.fired, ['60 house -→on']);
});
