import { isObject, type Json, type JsonObject } from '../../contracts/index.ts';

/** Abbreviations of discovery keys that this codec reads (Home Assistant, MQTT integration, "Supported abbreviations"). */
const abbreviations: ReadonlyMap<string, string> = new Map([
  ['avty', 'availability'],
  ['avty_mode', 'availability_mode'],
  ['avty_t', 'availability_topic'],
  ['avty_tpl', 'availability_template'],
  ['bri_cmd_t', 'brightness_command_topic'],
  ['bri_scl', 'brightness_scale'],
  ['bri_stat_t', 'brightness_state_topic'],
  ['bri_val_tpl', 'brightness_value_template'],
  ['clr_temp_cmd_t', 'color_temp_command_topic'],
  ['clr_temp_k', 'color_temp_kelvin'],
  ['clr_temp_stat_t', 'color_temp_state_topic'],
  ['clr_temp_val_tpl', 'color_temp_value_template'],
  ['cmd_t', 'command_topic'],
  ['cmps', 'components'],
  ['cns', 'connections'],
  ['curr_temp_t', 'current_temperature_topic'],
  ['curr_temp_tpl', 'current_temperature_template'],
  ['dev', 'device'],
  ['dev_cla', 'device_class'],
  ['exp_aft', 'expire_after'],
  ['ids', 'identifiers'],
  ['json_attr_t', 'json_attributes_topic'],
  ['lrst_val_tpl', 'last_reset_value_template'],
  ['mdl', 'model'],
  ['mf', 'manufacturer'],
  ['o', 'origin'],
  ['obj_id', 'object_id'],
  ['p', 'platform'],
  ['pl_avail', 'payload_available'],
  ['pl_cls', 'payload_close'],
  ['pl_not_avail', 'payload_not_available'],
  ['pl_off', 'payload_off'],
  ['pl_on', 'payload_on'],
  ['pl_open', 'payload_open'],
  ['pl_stop', 'payload_stop'],
  ['pos_t', 'position_topic'],
  ['pos_tpl', 'position_template'],
  ['schm', 'schema'],
  ['set_pos_t', 'set_position_topic'],
  ['stat_cla', 'state_class'],
  ['stat_off', 'state_off'],
  ['stat_on', 'state_on'],
  ['stat_t', 'state_topic'],
  ['stat_val_tpl', 'state_value_template'],
  ['sw', 'sw_version'],
  ['t', 'topic'],
  ['temp_cmd_t', 'temperature_command_topic'],
  ['temp_stat_t', 'temperature_state_topic'],
  ['temp_stat_tpl', 'temperature_state_template'],
  ['temp_unit', 'temperature_unit'],
  ['uniq_id', 'unique_id'],
  ['unit_of_meas', 'unit_of_measurement'],
  ['val_tpl', 'value_template'],
]);

const maxDepth = 8;

/** A discovery payload with long keys and with `~` replaced by its base topic. */
export function expand(config: JsonObject): JsonObject {
  const base = config['~'];
  return expandObject(config, typeof base === 'string' ? base : undefined, 0);
}

function expandObject(object: JsonObject, base: string | undefined, depth: number): JsonObject {
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(object)) {
    if (key !== '~') entries.push([abbreviations.get(key) ?? key, expandValue(key, value, base, depth)]);
  }
  return Object.fromEntries(entries);
}

function expandValue(key: string, value: Json, base: string | undefined, depth: number): Json {
  if (typeof value === 'string') return base !== undefined && isTopicKey(key) ? withBase(value, base) : value;
  if (depth >= maxDepth) return value;
  // Only the keys of the configuration are abbreviated; the names of a device's components are its own.
  if (key === 'cmps' || key === 'components') {
    if (!isObject(value)) return value;
    const parts = Object.entries(value).map(([name, part]): [string, Json] => [
      name,
      isObject(part) ? expandObject(part, base, depth + 1) : part,
    ]);
    return Object.fromEntries(parts);
  }
  if (Array.isArray(value))
    return value.map((item: Json) => (isObject(item) ? expandObject(item, base, depth + 1) : item));
  return isObject(value) ? expandObject(value, base, depth + 1) : value;
}

function isTopicKey(key: string): boolean {
  return key === 't' || key.endsWith('_t') || key === 'topic' || key.endsWith('_topic');
}

function withBase(topic: string, base: string): string {
  if (topic.startsWith('~')) return base + topic.slice(1);
  return topic.endsWith('~') ? topic.slice(0, -1) + base : topic;
}
