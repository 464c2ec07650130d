import { setTimeout as sleep } from 'node:timers/promises';
import { findModbusAnswer } from '../../../contracts/modbus-frame.ts';
import type { Clock } from '../../lib/clock.ts';
import type { SerialDevice } from './device.ts';
import type { LineSettings } from './options.ts';

/** What came of one question. `garbled`: bytes came, but no answer with a right CRC; `lost`: the port went away. */
export type Told =
  | { readonly is: 'answer'; readonly frame: Uint8Array }
  | { readonly is: 'exception'; readonly code: number }
  | { readonly is: 'timeout' | 'garbled' | 'lost' };

/** Two frames and their noise; what is beyond it cannot be the answer to a question that was just asked. */
const maxHeardBytes = 1_024;

/**
 * The silence between two frames in milliseconds: 3.5 characters, and never less than 1.75 ms ("MODBUS over Serial Line"
 * V1.02, 2.5.1.1). A character has a start bit, its data, parity and stop bits.
 */
export function frameSilenceMs({ baudRate, dataBits, parity, stopBits }: LineSettings): number {
  const bits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits;
  return Math.max(1.75, (3.5 * bits * 1000) / baudRate);
}

/** One line with one question at a time on it. */
export interface ModbusLine {
  /** Everything that the line brings, asked for or not. */
  onData(bytes: Uint8Array): void;
  ask(device: SerialDevice, question: Uint8Array, timeoutMs: number, gone: AbortSignal): Promise<Told>;
}

export function modbusLine(settings: LineSettings, clock: Clock): ModbusLine {
  const silenceMs = frameSilenceMs(settings);
  let heard: Uint8Array = new Uint8Array();
  let lastByteAt = -Infinity;
  let onHeard: () => void = () => undefined;

  /** A late answer to an earlier question ends before the next one begins. */
  const untilSilent = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      const missing = lastByteAt + silenceMs - clock.monoMs();
      if (missing <= 0 || signal.aborted) return;
      await sleep(Math.ceil(missing), undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    onData(bytes) {
      lastByteAt = clock.monoMs();
      heard = Uint8Array.from(Buffer.concat([heard, bytes]).subarray(-maxHeardBytes));
      onHeard();
    },
    async ask(device, question, timeoutMs, gone) {
      const ended = AbortSignal.any([gone, AbortSignal.timeout(timeoutMs)]);
      await untilSilent(ended);
      heard = new Uint8Array();
      const told = Promise.withResolvers<Told>();
      onHeard = () => {
        const found = findModbusAnswer(heard, question);
        if (found.is !== 'nothing yet') told.resolve(found);
      };
      const onEnd = (): void => told.resolve({ is: gone.aborted ? 'lost' : heard.length > 0 ? 'garbled' : 'timeout' });
      if (ended.aborted) onEnd();
      ended.addEventListener('abort', onEnd, { once: true });
      device.write(question).catch(() => told.resolve({ is: 'lost' }));
      const result = await told.promise;
      ended.removeEventListener('abort', onEnd);
      onHeard = () => undefined;
      return result;
    },
  };
}
