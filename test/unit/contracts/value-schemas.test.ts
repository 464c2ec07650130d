import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ruleJsonSchemas } from '../../../contracts/rule-json-schema.ts';
import { valueSchemas } from '../../../contracts/value-schemas.ts';
import { incompatibilities } from './schema-compatibility.ts';

const folder = 'contracts/schemas';
const parse = (text: string) => JSON.parse(text) as Record<string, unknown>;
const directionOf = (name: string) => (name.startsWith('command') ? 'read' : 'written');

test('the committed schemas of Kafka values, and of rules, are those of the code', () => {
  for (const [name, text] of [...valueSchemas(), ...ruleJsonSchemas()]) {
    const committed = parse(readFileSync(`${folder}/${name}`, 'utf8'));
    assert.deepEqual(committed, parse(text), `${name}: run node scripts/write-contract-schemas.mjs`);
  }
});

test('whoever knows the released schemas of Kafka values can go on', () => {
  for (const [name, text] of valueSchemas()) {
    const released = parse(readFileSync(`${folder}/released/${name}`, 'utf8'));
    assert.deepEqual(incompatibilities(released, parse(text), directionOf(name)), [], name);
  }
});

const released = {
  type: 'object',
  properties: { id: { type: 'string', maxLength: 8 }, kind: { enum: ['a', 'b'] }, list: { type: 'array', items: {} } },
  required: ['id'],
};
const changed = (change: object): Record<string, unknown> => ({ ...released, ...change });
const properties = (change: object) => changed({ properties: { ...released.properties, ...change } });

test('an optional field and a further value break nothing', () => {
  const more = properties({ note: { type: 'string' }, kind: { enum: ['a', 'b', 'c'] } });
  assert.deepEqual(incompatibilities(released, more, 'written'), []);
  assert.deepEqual(incompatibilities(released, more, 'read'), []);
});

test('a field that is removed, retyped or narrowed, and a value that is gone, are named', () => {
  const { id: _id, ...rest } = released.properties;
  assert.deepEqual(incompatibilities(released, changed({ properties: rest }), 'written'), ['$.id: is gone']);
  assert.deepEqual(incompatibilities(released, properties({ id: { type: 'integer', maxLength: 8 } }), 'written'), [
    '$.id: type changed',
  ]);
  assert.deepEqual(incompatibilities(released, properties({ kind: { enum: ['a'] } }), 'read'), [
    '$.kind: value b is gone',
  ]);
  assert.deepEqual(incompatibilities(released, properties({ id: { type: 'string', maxLength: 4 } }), 'read'), [
    '$.id: maxLength changed',
  ]);
});

test('a newly required field breaks, and one that is written keeps being there', () => {
  const required = { ...properties({ note: { type: 'string' } }), required: ['id', 'note'] };
  assert.equal(incompatibilities(released, required, 'written').length, 1);
  assert.equal(incompatibilities(released, required, 'read').length, 1);
  const fewer = changed({ required: [] });
  assert.equal(incompatibilities(released, fewer, 'written').length, 1);
  assert.equal(incompatibilities(released, fewer, 'read').length, 0);
});
