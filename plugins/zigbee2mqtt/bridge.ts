import {
  eachLeaf,
  formerlyKey,
  gather,
  isObject,
  member,
  parseJson,
  type Gathering,
  type Json,
  type JsonObject,
  type Reading,
  type Scalar,
} from '../../contracts/index.ts';

const bridge = 'z2m:bridge';

/** Topics below `<base>/bridge/`. Log lines, requests and the catalogue of definitions are not about a device. */
export function readBridge(path: string, text: string): readonly Reading[] {
  if (path === 'state') return readAvailability(bridge, text);
  if (path === 'devices' || path === 'groups') return readList(parseJson(text), path);
  if (path === 'event') return readEvent(parseJson(text));
  if (path === 'info') return readInfo(parseJson(text));
  if (path === 'health') return readAll(parseJson(text), 'health', 'health');
  if (path.startsWith('response/')) return readAll(parseJson(text), path.replaceAll('/', '.'), 'event');
  return [];
}

/** `{"state":"online"}`, or the bare word before 2.0. */
export function readAvailability(device: string, text: string): readonly Reading[] {
  const gathering = gather('z2m');
  const json = text.startsWith('{') ? parseJson(text) : { state: text };
  eachLeaf(json, (path, value) => {
    if (path === 'state' && (value === 'online' || value === 'offline')) {
      gathering.word('availability', path, value === 'online');
    } else gathering.other(path, value);
  });
  return gathering.readings(device, 'availability');
}

/** One registration per device or group. What it can do is knowledge (`names.ts`), what it is becomes metadata. */
function readList(list: Json, path: string): readonly Reading[] {
  if (!Array.isArray(list)) return [];
  return (list as readonly Json[]).flatMap((entry) => {
    if (!isObject(entry)) return [];
    const id = member(entry, path === 'groups' ? 'id' : 'ieee_address');
    if (typeof id !== 'string' && typeof id !== 'number') return [];
    const gathering = gather('z2m');
    describe(gathering, entry, '');
    const definition = member(entry, 'definition');
    if (isObject(definition)) describe(gathering, definition, 'definition.');
    const name = member(entry, 'friendly_name');
    // What its states were booked under when they came before this list.
    if (typeof name === 'string' && name !== id) gathering.meta(formerlyKey, `z2m:${name}`);
    return gathering.readings(path === 'groups' ? `z2m:group:${id}` : `z2m:${id}`, 'registration');
  });
}

function describe(gathering: Gathering, object: JsonObject, prefix: string): void {
  for (const [key, value] of Object.entries(object)) {
    if (isScalar(value)) gathering.meta(`${prefix}${key}`, value);
  }
}

function isScalar(json: Json): json is Scalar {
  return json === null || typeof json !== 'object';
}

/** `device_joined`, `device_leave`, …: what happened to a device, told about the device where it is named. */
function readEvent(json: Json): readonly Reading[] {
  if (!isObject(json)) return [];
  const data = member(json, 'data');
  const address = isObject(data) ? member(data, 'ieee_address') : undefined;
  const gathering = gather('z2m');
  eachLeaf(json, (path, value) => {
    if (path === 'type') gathering.other('bridge.event', value);
    else gathering.meta(path, value);
  });
  return gathering.readings(typeof address === 'string' ? `z2m:${address}` : bridge, 'event');
}

/** Version, coordinator and network; `config` and its schema stay out, because they may hold secrets. */
function readInfo(json: Json): readonly Reading[] {
  if (!isObject(json)) return [];
  const gathering = gather('z2m');
  describe(gathering, json, '');
  for (const part of ['coordinator', 'network']) {
    const value = member(json, part);
    if (isObject(value)) describe(gathering, value, `${part}.`);
  }
  return gathering.readings(bridge, 'registration');
}

function readAll(json: Json, name: string, kind: 'health' | 'event'): readonly Reading[] {
  const gathering = gather('z2m');
  gathering.others(json, `bridge.${name}`);
  return gathering.readings(bridge, kind);
}
