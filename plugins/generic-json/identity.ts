import { isObject, member, type Envelope, type Json, type JsonObject } from '../../contracts/index.ts';

/** Last levels that say what kind of message this is and do not name a value. */
const kindLevels: ReadonlySet<string> = new Set(['event', 'events', 'state', 'states', 'status', 'telemetry', 'value']);
const presenceLevels: ReadonlySet<string> = new Set(['availability', 'lwt', 'online', 'status']);
const commandLevel = /(?:^|\/)(?:cmnd|commands?|get|set)(?:\/|$)/;
const macAddress = /^(?:[0-9A-F]{2}:){5}[0-9A-F]{2}$/i;

const plainWord = /^[^\p{Cc}]{1,64}$/u;

const lastLevel = (topic: string): string => topic.slice(topic.lastIndexOf('/') + 1);

/** A message to a device says nothing of it: `devices/shed/set`, `home/OMG/commands/…`. */
export function isCommand(topic: string): boolean {
  return commandLevel.test(topic);
}

/** The value that a topic names with its last level (`…/Nexus-TH/177/temperature_C`), where it names one. */
export function fieldIn(topic: string): string | undefined {
  const last = lastLevel(topic);
  return last === '' || last === topic || kindLevels.has(last) ? undefined : last;
}

/** Whether a bare word on this topic is a birth or will message, and what it says. */
export function presenceIn(topic: string, text: string): boolean | undefined {
  if (!presenceLevels.has(lastLevel(topic).toLowerCase())) return undefined;
  const word = text.toLowerCase();
  return word === 'online' ? true : word === 'offline' ? false : undefined;
}

/**
 * Who this is about: the MQTT client, or the topic where one client speaks for many; below either, the sender that a
 * document names, because a radio receiver speaks for every sensor that it hears.
 */
export function deviceOf({ client, topic }: Envelope, identity: 'client' | 'topic', json?: Json): string {
  const byClient = identity === 'client' && client !== '';
  const sender = isObject(json) ? senderIn(json) : undefined;
  if (sender !== undefined) return `json:${byClient ? `${client}/` : ''}${sender}`.slice(0, 256);
  if (byClient) return `json:${client}`;
  const named = isObject(json) ? undefined : fieldIn(topic);
  return `json:${named === undefined ? topic : topic.slice(0, -named.length - 1)}`;
}

/**
 * The sender as rtl_433 names it (`model`, `channel`, `id`) or as Theengs does (`id` is the address; beacons with a
 * changing address, `mac_type` 1, are known by `uuid`, `major`, `minor`, or not at all).
 */
function senderIn(json: JsonObject): string | undefined {
  const word = (key: string): string | undefined => {
    const value = member(json, key);
    return typeof value === 'number' || (typeof value === 'string' && plainWord.test(value))
      ? String(value)
      : undefined;
  };
  const join = (...parts: (string | undefined)[]): string => parts.filter((part) => part !== undefined).join('/');
  const id = word('id');
  if (id === undefined) return undefined;
  const [model, uuid] = [word('model'), word('uuid')];
  if (!macAddress.test(id)) return model === undefined ? undefined : join(model, word('channel'), id);
  if (member(json, 'mac_type') !== 1) return id.toUpperCase();
  return uuid === undefined ? undefined : join(uuid, word('major'), word('minor'));
}
