import type { RegisterMap } from '../register-map.ts';

/** Boards with eight relays on the first eight coils. */
export const relays8 = (): RegisterMap => ({
  source:
    'Waveshare wiki, "Modbus RTU Relay", Development Protocol V2: functions 01 and 05, addresses 0x0000 to 0x0007',
  most: 8,
  points: Array.from({ length: 8 }, (_, at) => ({
    name: `relay.${at + 1}`,
    table: 'coil' as const,
    at,
    as: 'bit' as const,
    order: 'high first' as const,
    word: 'switch.state' as const,
    ep: String(at + 1),
    writable: { min: 0, max: 1 },
  })),
});
