import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { permissions, roles, type Actor, type Permission } from '../../../contracts/actor.ts';
import { decide, type LocalTime, type Question } from '../../../gateway/access/decide.ts';
import { access, policyOf } from '../../../gateway/config/access-schema.ts';
import { rolePolicies, type Policy } from '../../../gateway/access/policy.ts';

const person = (role: Actor['role'], areas: Actor['areas'] = 'all'): Actor => ({
  kind: 'person',
  id: `id of ${role}`,
  name: role,
  role,
  areas,
});
const ask = (
  actor: Actor,
  permission: Permission,
  target: Question['target'] = {},
  { policies = [], time }: { policies?: readonly Policy[]; time?: LocalTime } = {},
): boolean => decide([...rolePolicies, ...policies], { actor, permission, target, time: () => time }).allowed;

const kitchen = { places: ['k1', 'Mill/Ground/East/Kitchen', 'e1', 'Mill/Ground/East'] };
const hall = { places: ['h1', 'Mill/Ground/West/Hall'] };

test('each role has what it is for and no more', () => {
  const has = (role: (typeof roles)[number]): Permission[] =>
    permissions.filter((permission) => ask(person(role), permission));
  assert.deepEqual(has('administrator'), [...permissions]);
  assert.deepEqual(
    has('engineer'),
    permissions.filter((one) => !/^(account|audit|passport)/.test(one)),
  );
  assert.ok(has('viewer').every((one) => one.endsWith('.read') || one === 'self'));
  assert.deepEqual(has('resident'), [
    'site.read',
    'device.read',
    'device.control',
    'history.read',
    'alarm.read',
    'self',
  ]);
  assert.ok(!has('machine').some((one) => one.endsWith('.edit') || one.endsWith('.manage')));
});

test('a resident controls what is in their areas, by id or path, and nothing else', () => {
  for (const areas of [['e1'], ['Mill/Ground/East'], ['k1']]) {
    assert.ok(ask(person('resident', areas), 'device.control', kitchen));
    assert.ok(!ask(person('resident', areas), 'device.control', hall));
  }
  assert.ok(!ask(person('resident', ['e1']), 'device.control', {}), 'a device without a place is in no area');
  assert.ok(!ask(person('resident', []), 'device.control', kitchen));
});

test('whoever is confined to areas has no power over what is outside, whatever the role or policy', () => {
  fc.assert(
    fc.property(fc.constantFrom(...roles), fc.constantFrom(...permissions), (role, permission) => {
      const open: Policy = { name: 'open', effect: 'allow', permissions: [permission], where: 'anywhere' };
      const inside = ask(person(role, ['e1']), permission, hall, { policies: [open] });
      assert.ok(!inside || permission === 'self');
    }),
  );
});

test('what no policy names is closed to everybody', () => {
  for (const permission of permissions) assert.ok(!ask(person('none'), permission), permission);
});

test('a closing policy wins over every opening one', () => {
  const policies: Policy[] = [
    { name: 'hands off', effect: 'deny', permissions: ['device.control'], where: ['Mill/Ground/East'] },
  ];
  assert.ok(!ask(person('administrator'), 'device.control', kitchen, { policies }));
  assert.ok(ask(person('administrator'), 'device.control', hall, { policies }));
  assert.ok(ask(person('administrator'), 'device.read', kitchen, { policies }));
});

test('a policy of the configuration opens its place in its hours, which run over midnight by the day that they began', () => {
  const guard = {
    name: 'night guard',
    effect: 'allow',
    who: ['viewer'],
    permissions: ['device.control'],
    where: ['Mill/Ground/West/Hall'],
    hours: { from: '22:00', to: '06:00', days: ['fri'] },
  };
  const policies = access.parse({ policies: [guard] }).policies.map(policyOf);
  const at = (day: number, hour: number, where = hall): boolean =>
    ask(person('viewer'), 'device.control', where, { policies, time: { day, minute: hour * 60 } });
  assert.deepEqual(
    [at(5, 21), at(5, 22), at(6, 5), at(6, 6), at(6, 22), at(5, 5)],
    [false, true, true, false, false, false],
  );
  assert.ok(!at(5, 23, kitchen), 'and only where the policy says');
});

test('while the clock is not set the closed side of hours is taken', () => {
  const hours = { from: 0, to: 24 * 60 };
  const opening: Policy = { name: 'o', effect: 'allow', permissions: ['rule.edit'], where: 'anywhere', hours };
  const closing: Policy = { name: 'c', effect: 'deny', permissions: ['rule.read'], where: 'anywhere', hours };
  assert.ok(!ask(person('viewer'), 'rule.edit', {}, { policies: [opening] }));
  assert.ok(!ask(person('viewer'), 'rule.read', {}, { policies: [closing] }));
});

test('everybody minds their own account only', () => {
  const viewer = person('viewer', ['e1']);
  assert.ok(ask(viewer, 'self', { account: viewer.id }));
  assert.ok(!ask(viewer, 'self', { account: 'another' }));
});
