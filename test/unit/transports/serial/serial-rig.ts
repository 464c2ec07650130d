import { pino } from 'pino';
import type { Ingest } from '../../../../contracts/pipeline.ts';
import type { Envelope } from '../../../../contracts/plugin.ts';
import { systemClock } from '../../../../gateway/lib/clock.ts';
import type { SerialPortOptions } from '../../../../gateway/transports/serial/options.ts';

/** An ingest that keeps what it gets in memory. */
export function memoryIngest(): { readonly ingest: Ingest; readonly taken: Envelope[]; texts(): string[] } {
  const taken: Envelope[] = [];
  return {
    taken,
    ingest: (envelope) => {
      taken.push(envelope);
      return Promise.resolve({ stored: 1, filtered: 0, deadLettered: 0 });
    },
    texts: () => taken.map(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`),
  };
}

export const deps = { clock: systemClock, log: pino({ level: 'silent' }) };

export function portAt(path: string, protocol: SerialPortOptions['protocol'], name = 'line'): SerialPortOptions {
  return { name, adapter: { path }, baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, protocol };
}
