import { parse } from 'yaml';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { deviceName } from '../../contracts/registry.ts';

/** A file of YAML is parsed in one go, so it is held shorter than the others. */
const bounds = { devices: 2_000, notes: 50, yamlChars: 256 * 1024 } as const;

export interface Zigbee2MqttSite {
  /** `id` as the codec makes it from the address. `name` only where one was given. */
  readonly devices: readonly { readonly id: string; readonly name?: string | undefined }[];
  /** What the installer should know, in sentences. */
  readonly notes: readonly string[];
}

const address = /^0x[0-9a-f]{16}$/;
/** Of each form only what is taken over is looked at; passwords and keys in the file stay where they are. */
const settings = z.looseObject({ friendly_name: z.union([z.string(), z.number().transform(String)]).optional() });
const configuration = z.looseObject({
  devices: z.union([z.record(z.string(), settings.nullable()), z.string(), z.array(z.string())]).optional(),
  mqtt: z.looseObject({ base_topic: z.string().optional() }).optional(),
});
const bridgeDevice = z.looseObject({
  ieee_address: z.string(),
  friendly_name: z.string().optional(),
  type: z.string().optional(),
});
const stored = z.looseObject({ ieeeAddr: z.string().optional(), type: z.string().optional() });

/**
 * Reads one file of Zigbee2MQTT, told by what is in it: `configuration.yaml`, a `devices.yaml` beside it, `database.db` (one JSON
 * document a line), or what it publishes under `bridge/devices`. Throws COMMAND_INVALID for anything else.
 */
export function readZigbee2Mqtt(text: string): Zigbee2MqttSite {
  const start = text.trimStart();
  if (start.startsWith('[')) return siteOf(fromBridge(jsonOf(start)));
  if (start.startsWith('{')) return fromDatabase(start);
  return fromYaml(text);
}

interface Found {
  readonly address: string;
  readonly name?: string | undefined;
}

function fromBridge(list: unknown): Found[] {
  const devices = z.array(bridgeDevice).safeParse(list);
  if (!devices.success) throw wrong('That is no list of devices of Zigbee2MQTT.');
  return devices.data
    .filter(({ type }) => type !== 'Coordinator')
    .map(({ ieee_address, friendly_name }) => ({ address: ieee_address, name: friendly_name }));
}

function fromDatabase(text: string): Zigbee2MqttSite {
  const found = text.split(/\r?\n/).flatMap((line): Found[] => {
    if (line.trim() === '') return [];
    const entry = stored.safeParse(jsonOf(line));
    if (!entry.success) throw wrong('That is no database of Zigbee2MQTT: a line has no address.');
    const { ieeeAddr, type } = entry.data;
    return ieeeAddr === undefined || type === 'Coordinator' || type === 'Group' ? [] : [{ address: ieeeAddr }];
  });
  return siteOf(found, 'A database has no names. Bring configuration.yaml in too: it adds them.');
}

function fromYaml(text: string): Zigbee2MqttSite {
  const plain = yamlOf(text);
  // The devices may stand in a file of their own, which is then the map itself.
  const keys = typeof plain === 'object' && plain !== null ? Object.keys(plain) : [];
  const isMap = keys.length > 0 && keys.every((key) => address.test(key.toLowerCase()));
  const parsed = configuration.safeParse(isMap ? { devices: plain } : plain);
  if (!parsed.success || keys.length === 0) throw wrong('That is no configuration of Zigbee2MQTT.');
  const { devices = {}, mqtt } = parsed.data;
  if (typeof devices === 'string' || Array.isArray(devices)) {
    throw wrong(`Its devices are in ${[devices].flat().join(', ').slice(0, 200)}. Bring that file in.`);
  }
  const base = mqtt?.base_topic;
  const note =
    base === undefined || base === 'zigbee2mqtt'
      ? undefined
      : `Its base topic is ${base.slice(0, 128)}: set plugins.config.zigbee2mqtt.base to it.`;
  const found = Object.entries(devices).map(([address, of]) => ({ address, name: of?.friendly_name }));
  return siteOf(found, note);
}

function yamlOf(text: string): unknown {
  if (text.length > bounds.yamlChars) throw wrong(`A configuration has at most ${bounds.yamlChars} characters.`);
  try {
    // Looking for keys that are there twice takes the square of their number.
    return parse(text, { uniqueKeys: false, version: '1.2', maxAliasCount: 0 }) as unknown;
  } catch (fault) {
    throw wrong(`That is no file of Zigbee2MQTT: ${(fault as Error).message.slice(0, 200)}`);
  }
}

/** Each once; an address that is none, and a name that cannot be one, are told. */
function siteOf(found: readonly Found[], ...more: readonly (string | undefined)[]): Zigbee2MqttSite {
  if (found.length > bounds.devices) throw wrong(`A file has at most ${bounds.devices} devices.`);
  const notes = new Set(more.filter((note) => note !== undefined));
  const note = (sentence: string): void => void (notes.size < bounds.notes && notes.add(sentence));
  const devices = new Map<string, { id: string; name?: string | undefined }>();
  for (const { address: given, name } of found) {
    const id = given.toLowerCase();
    if (!address.test(id)) {
      note(`${given.slice(0, 64)} is left out: that is no address.`);
      continue;
    }
    const usable = deviceName.safeParse(name);
    if (name !== undefined && !usable.success) note(`${id} keeps its address as its name: the other cannot be one.`);
    const isOwn = usable.success && usable.data.toLowerCase() !== id;
    devices.set(id, { id: `z2m:${id}`, ...(isOwn && { name: usable.data }) });
  }
  if (devices.size === 0) throw wrong('There is no device in it.');
  return { devices: [...devices.values()], notes: [...notes].map((one) => one.replaceAll(/\p{C}/gu, '?')) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('That is no JSON of Zigbee2MQTT.');
  }
}

const wrong = (sentence: string): PortcullisError => new PortcullisError('COMMAND_INVALID', sentence);
