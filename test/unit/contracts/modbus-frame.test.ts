import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { findModbusAnswer, isModbusFrame, modbusCrc, modbusFrame } from '../../../contracts/modbus-frame.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const bodies = fc.uint8Array({ minLength: 2, maxLength: 254 });

test('the CRC is that of the serial line guide: 0x1241 for 02 07', () => {
  assert.equal(modbusCrc(hex('02 07')), 0x1241);
  assert.deepEqual(modbusFrame([2, 7]), hex('02 07 41 12'));
});

test('a frame is one, and not any more with one bit turned', () => {
  fc.assert(
    fc.property(bodies, fc.nat(), (body, at) => {
      const frame = modbusFrame(body);
      assert.ok(isModbusFrame(frame));
      const bit = at % (frame.length * 8);
      frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.ok(!isModbusFrame(frame));
    }),
  );
});

test('an answer is found in noise, an exception is told, a stranger is not heard', () => {
  const question = modbusFrame([1, 4, 0, 0, 0, 2]);
  const answer = modbusFrame([1, 4, 4, 0x43, 0x66, 0x33, 0x34]);
  const noisy = Buffer.concat([hex('ff 01 04 00'), answer, hex('00 81')]);
  assert.deepEqual(findModbusAnswer(noisy, question), { is: 'answer', frame: answer });
  assert.deepEqual(findModbusAnswer(modbusFrame([1, 0x84, 2]), question), { is: 'exception', code: 2 });
  assert.deepEqual(findModbusAnswer(answer.subarray(0, -1), question), { is: 'nothing yet' });
  assert.deepEqual(findModbusAnswer(modbusFrame([2, 4, 4, 1, 2, 3, 4]), question), { is: 'nothing yet' });
});

test('the echo of an adapter that hears itself is no answer to a read', () => {
  const question = modbusFrame([1, 1, 0, 0, 0, 24]);
  assert.deepEqual(findModbusAnswer(question, question), { is: 'nothing yet' });
});
