import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protocolErrors } from '@platformatic/kafka';
import { classOfFault, rules } from '../../../../gateway/delivery/kafka/error-classes.ts';

const apiError = (apiId: string) => Object.assign(new Error(apiId), { code: 'PLT_KFK_PROTOCOL', apiId });
const classOf = (error: unknown) => classOfFault(error).class;

test('the worst error of a tree decides, and its own name is told', () => {
  const network = Object.assign(new Error('failed'), { code: 'PLT_KFK_NETWORK' });
  const login = Object.assign(new Error('SASL authentication failed.'), {
    code: 'PLT_KFK_AUTHENTICATION',
    cause: new AggregateError([apiError('SASL_AUTHENTICATION_FAILED')]),
  });
  assert.equal(classOf(network), 'transport');
  assert.equal(classOf(Object.assign(new Error('x'), { code: 'PLT_KFK_NETWORK', cause: login })), 'credentials');
  const tries = new AggregateError([network, apiError('OUT_OF_ORDER_SEQUENCE_NUMBER')]);
  assert.deepEqual(classOfFault(tries), { class: 'producer', code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
});

test('a login that the network cut short is no matter of credentials', () => {
  const cut = Object.assign(new Error('x'), {
    code: 'PLT_KFK_AUTHENTICATION',
    cause: Object.assign(new Error('closed'), { code: 'PLT_KFK_NETWORK' }),
  });
  assert.equal(classOf(cut), 'transport');
});

test('only what is said of a record itself rejects it, and only accounts and another gateway stop the sink', () => {
  const splitting = Object.entries(rules).filter(([, rule]) => rule.effect === 'split');
  assert.deepEqual(splitting.map(([name]) => name).toSorted(), ['record', 'too-large']);
  const stopping = Object.entries(rules).filter(([, rule]) => rule.pause === 'stopped');
  assert.deepEqual(stopping.map(([name]) => name).toSorted(), ['credentials', 'fenced', 'permission']);
});

test('every error of the protocol, and whatever else is thrown, has a class', () => {
  for (const name of Object.keys(protocolErrors)) assert.ok(rules[classOf(apiError(name))]);
  const odd = ['a string', undefined, null, { cause: 7 }, new Error('Unknown topic x.')].map(classOf);
  assert.deepEqual(odd, ['unknown', 'unknown', 'unknown', 'unknown', 'topic']);
});
