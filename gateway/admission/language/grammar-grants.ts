import { z } from 'zod';
import { serialMatch } from './grammar-host.ts';
import { duration, keys, name, rate, size, text } from './words.ts';

const port = z.union([
  z.int().min(1).max(65535),
  text('a port range', 16).regex(/^(\d{1,5}(-\d{1,5})?|\*)$/, 'is not a port, a range such as "8000-8010", or "*"'),
]);
const endpoint = keys({
  host: text('a host', 256),
  port: port.optional(),
  proto: z.enum(['tcp', 'udp', 'tls', 'http', 'https']).optional(),
  purpose: text('a purpose', 512).optional(),
});
/** `host:port`, with an IPv6 address in brackets. */
const endpointText = text('an endpoint', 300).regex(
  /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):(\d{1,5}(-\d{1,5})?|\*)$/,
  'is not "host:port"',
);
const endpoints = z.array(z.union([endpointText, endpoint])).max(256);

const topicFilter = text('a topic filter', 1024).refine(
  (filter) =>
    filter
      .split('/')
      .every((level, i, all) => !/[#+]/.test(level) || level === '+' || (level === '#' && i === all.length - 1)),
  'is not an MQTT topic filter (MQTT 3.1.1, section 4.7)',
);
const permit = z.enum(['deny', 'allow']);
const path = text('a path', 1024);

export const permissionsSection = keys({
  enforcement: z.enum(['required', 'best-effort']).optional(),
  network: keys({ outbound: endpoints.optional(), inbound: endpoints.optional() }).optional(),
  mqtt: keys({
    publish: z.array(topicFilter).max(256).optional(),
    subscribe: z.array(topicFilter).max(256).optional(),
    maxPayload: size.optional(),
    retain: permit.optional(),
  }).optional(),
  serial: z
    .array(
      keys({ match: serialMatch, baud: z.array(z.int().positive()).optional(), exclusive: z.boolean().optional() }),
    )
    .max(64)
    .optional(),
  gpio: z
    .array(
      keys({
        chip: text('a GPIO chip', 64),
        lines: z.array(z.int().nonnegative()).max(256),
        direction: z.enum(['in', 'out', 'both']).optional(),
      }),
    )
    .max(64)
    .optional(),
  bluetooth: z
    .array(keys({ service: name.optional(), address: name.optional() }))
    .max(64)
    .optional(),
  fs: keys({
    read: z.array(path).max(64).optional(),
    write: z
      .array(z.union([path, keys({ path, quota: size.optional() })]))
      .max(64)
      .optional(),
  }).optional(),
  process: keys({
    spawn: permit.optional(),
    workers: permit.optional(),
    addons: permit.optional(),
    ffi: permit.optional(),
    signals: permit.optional(),
    inspector: permit.optional(),
    wasi: permit.optional(),
  }).optional(),
});

/** The key `then` of the language, spelt so that nobody takes the shape for a promise. */
const afterBudget = 'then' as const;

export const resourcesSection = keys({
  memory: size.optional(),
  heap: size.optional(),
  cpu: z.number().positive().max(1024).optional(),
  pids: z.int().positive().optional(),
  disk: size.optional(),
  startupTimeout: duration.optional(),
  callTimeout: duration.optional(),
  ipc: keys({ rate: rate.optional(), message: size.optional() }).optional(),
  restarts: keys({
    max: z.int().nonnegative().optional(),
    window: duration.optional(),
    [afterBudget]: z.enum(['quarantine', 'stop']).optional(),
  }).optional(),
});

const valueTypes = [
  'Bool',
  'String',
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Uint8',
  'Uint16',
  'Uint32',
  'Uint64',
  'Float32',
  'Float64',
  'Binary',
  'Object',
] as const;
export const deviceSection = keys({
  resources: z
    .array(
      keys({
        name,
        valueType: z.enum(valueTypes).optional(),
        readWrite: z.enum(['R', 'W', 'RW']).optional(),
        units: text('a unit', 32).optional(),
        minimum: z.number().optional(),
        maximum: z.number().optional(),
        maxRate: rate.optional(),
      }).refine((one) => (one.minimum ?? -Infinity) <= (one.maximum ?? Infinity), 'has a minimum above its maximum'),
    )
    .max(1024)
    .optional(),
});

export type PermissionsRule = z.output<typeof permissionsSection>;
export type ResourcesRule = z.output<typeof resourcesSection>;
