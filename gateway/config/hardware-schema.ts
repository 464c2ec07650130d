import { z } from 'zod';

/** Names become topic levels: `serial/<name>`, `gpio/<name>`. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be a name of lower-case letters, digits, - and _');
const usbNumber = z.string().regex(/^[0-9a-f]{4}$/, 'must be four hexadecimal digits in quotes, as lsusb prints them');

const adapter = z.union(
  [
    z.strictObject({
      vendor: usbNumber,
      product: usbNumber,
      serial: z.string().min(1).max(128).optional(),
      interface: z
        .string()
        .regex(/^[0-9a-f]{2}$/)
        .optional(),
    }),
    z.strictObject({ byId: z.string().regex(/^[^/]{1,255}$/, 'must be a name in /dev/serial/by-id') }),
    z.strictObject({
      path: z
        .string()
        .regex(/^\/dev\//)
        .refine((path) => !/^\/dev\/tty(?:USB|ACM)\d+$/.test(path), {
          message: 'changes with every plugging; name the adapter by vendor and product, or byId',
        }),
    }),
  ],
  'must be { vendor, product, serial?, interface? }, { byId } or, for a line of the board itself, { path }',
);

const protocol = z.discriminatedUnion('as', [
  z.strictObject({ as: z.literal('modbus-rtu') }),
  z.strictObject({ as: z.literal('delimiter'), delimiter: z.string().min(1).max(8).default('\n') }),
  z.strictObject({ as: z.literal('length'), bytes: z.int().min(1).max(4_096) }),
  z.strictObject({ as: z.literal('gap'), silenceMs: z.int().min(5).max(10_000) }),
]);

const serialPort = z.strictObject({
  adapter,
  baudRate: z.int().min(50).max(4_000_000).default(9_600),
  dataBits: z.union([z.literal(7), z.literal(8)]).default(8),
  parity: z.enum(['none', 'even', 'odd']).default('none'),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
  protocol,
});

/** Serial lines by name; how many is a matter of memory, not of the bus. */
export const serial = z.strictObject({
  ports: z
    .record(name, serialPort)
    .refine((ports) => Object.keys(ports).length <= 32, 'are more than 32')
    .default({}),
});

const place = {
  /** Number on the header, not the number of a line. */
  pin: z.int().min(1).max(40).optional(),
  line: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:/ -]{0,62}$/, 'is no name of a line')
    .refine(
      (line) => !/^\d+$/.test(line),
      'is a number, which changes with the kernel; use the pin of the header or a name',
    )
    .optional(),
  activeLow: z.boolean().default(false),
};
const heard = {
  ...place,
  pull: z.enum(['up', 'down', 'none']).optional(),
};

const gpioLine = z
  .discriminatedUnion('as', [
    z.strictObject({ as: z.literal('input'), ...heard, debounceMs: z.int().min(0).max(10_000).default(20) }),
    z.strictObject({
      as: z.literal('counter'),
      ...heard,
      debounceMs: z.int().min(0).max(10_000).default(5),
      reportSeconds: z.number().min(0.1).max(86_400).default(60),
    }),
    z.strictObject({ as: z.literal('output'), ...place, safe: z.enum(['off', 'on']).default('off') }),
  ])
  .refine(({ pin, line }) => (pin === undefined) !== (line === undefined), 'must have a pin or a line, one of them');

/** Lines of the GPIO header by name. */
export const gpio = z.strictObject({
  interface: z.enum(['auto', 'sysfs', 'character-device']).default('auto'),
  /** A board whose header is not known: the label of its chip, and pins to line numbers of that chip. */
  board: z
    .strictObject({
      chip: z.string().min(1).max(64),
      pins: z.record(
        z.string().regex(/^(?:[1-9]|[1-3]\d|40)$/, 'must be a pin from 1 to 40'),
        z.int().min(0).max(1_023),
      ),
    })
    .optional(),
  lines: z
    .record(name, gpioLine)
    .refine((lines) => Object.keys(lines).length <= 64, 'are more than 64')
    .default({}),
});
