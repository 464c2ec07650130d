import { z } from 'zod';
import { tuyaSchema } from './tuya-schema.ts';
import { influxSchema } from './influx-schema.ts';
import { kafkaSchema } from './kafka-schema.ts';
import { notifySchema } from './notify-schema.ts';
import { access } from './access-schema.ts';
import { flowsSchema } from './flows-schema.ts';
import { gpio, serial } from './hardware-schema.ts';
import { historySchema } from './history-schema.ts';
import { systemTimeZone } from './system-time-zone.ts';
import { tracesSchema } from './traces-schema.ts';
import { limitsSchema } from './limits-schema.ts';
import { profilesSchema } from './profiles-schema.ts';

const port = z.int().min(0).max(65_535);
const path = z.string().min(1).max(4096);
const timeZone = z.string().refine(isTimeZone, { message: 'is not a time zone; use a name like Europe/Berlin' });

function isTimeZone(name: string): boolean {
  return Intl.supportedValuesOf('timeZone').includes(name) || name === 'UTC';
}

const site = z.strictObject({
  name: z.string().min(1).max(128).default('home'),
  timeZone: timeZone.default(() => systemTimeZone()),
  /** In degrees; rules reckon the times of the sun from them. */
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
  /** Room name to the ids of the devices in it. */
  rooms: z.record(z.string().min(1).max(128), z.array(z.string().min(1).max(256))).default({}),
});

/** Where the devices of the shipped plugins are told something; names of Zigbee2MQTT may have levels of their own. */
const commandTopics = [
  'cmnd/#',
  '+/cmnd/#',
  ...['+/+', '+/+/+', '+/+/+/+', '+/+/+/+/+'].flatMap((levels) => [`${levels}/set`, `${levels}/set/+`]),
  'shellies/command',
  'shellies/+/command',
  '+/+/+/command',
  '+/+/+/+/command',
  '+/+/+/+/command/+',
  '+/command/+',
  '+/rpc',
];

const certificate = { certFile: path.optional(), keyFile: path.optional() };
const bothOrNeither = [
  ({ certFile, keyFile }: { certFile?: string | undefined; keyFile?: string | undefined }): boolean =>
    (certFile === undefined) === (keyFile === undefined),
  { message: 'certFile and keyFile go together; leave both out and the gateway makes its own' },
] as const;

const http = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: port.default(8080),
  /** Whom to tell of a weakness of this gateway. */
  securityContact: z
    .string()
    .max(512)
    .regex(/^(?:https:\/\/|mailto:|tel:)[\x21-\x7e]+$/, 'is not an address that begins with https://, mailto: or tel:')
    .optional(),
  /** The same over TLS, at an address and port of its own. */
  tls: z
    .strictObject({ host: z.string().min(1).default('127.0.0.1'), port: port.default(8444), ...certificate })
    .refine(...bothOrNeither)
    .optional(),
});

const mqtt = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: port.default(1883),
  /** Accepts clients without credentials. For the demo and for tests on loopback only. */
  anonymous: z.boolean().default(false),
  tls: z
    .strictObject({ port: port.default(8883), ...certificate, clientCaFile: path.optional() })
    .refine(...bothOrNeither)
    .optional(),
  websocket: z.strictObject({ port }).optional(),
  maxPacketBytes: z.int().min(1024).max(268_435_455).default(262_144),
  maxConnections: z.int().min(1).max(100_000).default(2_000),
  /** Topics that make something move; the retained flag is stripped there. */
  actuationTopics: z.array(z.string().min(1).max(256)).default([...commandTopics]),
  profiles: profilesSchema,
});

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'is not a name of letters, digits and underscores');
const pluginName = z.string().min(1).max(128);

const plugins = z.strictObject({
  /** Folder with vendor plugins beside the ones that are shipped. */
  dir: path.optional(),
  /** HostPolicy file: the upper bounds and trusted keys of this gateway. */
  policy: path.optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  /** Plugin to the secrets that its contract names: each alone in a file of its own. */
  secrets: z.record(pluginName, z.record(envName, path)).default({}),
  /** Plugin to the variables that its contract names. */
  variables: z
    .record(pluginName, z.record(envName, z.union([z.string().max(4_096), z.number(), z.boolean()])))
    .default({}),
});

const preprocess = z.strictObject({
  threads: z.int().min(1).max(8).default(1),
  dedupeWindowSeconds: z.number().min(0).max(3_600).default(2),
  /** Metric name to the smallest change worth a record, and the longest silence. */
  deadband: z
    .record(
      z.string().min(1).max(256),
      z.strictObject({
        absolute: z.number().nonnegative().optional(),
        relative: z.number().min(0).max(1).optional(),
        maxSilenceSeconds: z.number().positive().max(86_400).default(3_600),
      }),
    )
    .default({}),
  /** Metric name to the length of its roll-up windows. */
  rollup: z
    .record(z.string().min(1).max(256), z.strictObject({ windowSeconds: z.int().min(1).max(86_400) }))
    .default({}),
  /** Plugin that gets messages no other plugin asks for; with null they become dead letters. */
  fallbackPlugin: z.string().min(1).max(64).nullable().default('generic-json'),
});

const MiB = 1024 * 1024;
const buffer = z.strictObject({
  /** Room on disk for everything that waits, the write-ahead log included. */
  maxBytes: z
    .int()
    .min(16 * MiB)
    .max(1024 * 1024 * MiB)
    .default(2048 * MiB),
  maxAgeDays: z.number().positive().max(3_650).optional(),
  /** How long telemetry may wait for company before a commit; its acknowledgement waits as long. */
  lingerMs: z.int().min(0).max(2_000).default(0),
  /** It waits only while the commits of the last minute, projected to a day, are more than these. */
  commitsPerDay: z.int().min(0).default(0),
});

/** Everything the operator can say. Every key has a default but the ones that nobody could guess. */
export const configSchema = z.strictObject({
  dataDir: path,
  gateway: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name of lower-case letters, digits and dashes')
    .optional(),
  /** Who knows the code in the file may take possession; until then the broker is closed to the network. */
  claim: z.strictObject({ codeFile: path }).optional(),
  site: site.prefault({}),
  mqtt: mqtt.prefault({}),
  http: http.prefault({}),
  cloud: z.strictObject({ tuya: tuyaSchema.optional() }).prefault({}),
  kafka: kafkaSchema.optional(),
  influx: influxSchema.optional(),
  notify: notifySchema.optional(),
  serial: serial.prefault({}),
  gpio: gpio.prefault({}),
  plugins: plugins.prefault({}),
  preprocess: preprocess.prefault({}),
  buffer: buffer.prefault({}),
  history: historySchema,
  access: access.prefault({}),
  commands: z
    .strictObject({
      /** Nothing is actuated for so long after a start: what was wished before may be old. */
      quietSeconds: z.number().min(0).max(600).default(5),
    })
    .prefault({}),
  rules: z
    .strictObject({
      /** Folder of the site's own rules, one YAML file each. */
      dir: path.optional(),
    })
    .prefault({}),
  limits: limitsSchema.prefault({}),
  flows: flowsSchema.prefault({}),
  traces: tracesSchema.optional(),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
      format: z.enum(['text', 'json']).default('text'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;
