import {
  isObject,
  member,
  textIn,
  type CounterKind,
  type Json,
  type JsonObject,
  type MetricWord,
} from '../../contracts/index.ts';
import { parseTemplate, type Template } from './template.ts';
import { binaryWords, sensorWords, unitWords } from './words.ts';

/** One value that arrives on a topic, as discovery described it. Kept in a list under `t:<topic>`. */
export interface Channel {
  /** The discovery topic that it comes from. */
  readonly o: string;
  readonly d: string;
  /** The entity's object id: endpoint of words, key of everything else. */
  readonly ep: string;
  readonly w?: MetricWord;
  readonly u?: string;
  /** How to find the value; null when the template is not understood. Absent: the payload itself. */
  readonly t?: Template | null;
  readonly on?: string;
  readonly off?: string;
  readonly c?: CounterKind;
  /** Where the start of the counter's series stands. */
  readonly lr?: Template;
  /** The value is a number: a text that is none is not understood. */
  readonly num?: true;
  /** Attributes: every leaf of the payload is an `x.` entry. */
  readonly all?: true;
}

/** One entity of a discovery message, keys expanded. */
export interface Entity {
  readonly owner: string;
  readonly component: string;
  readonly device: string;
  readonly object: string;
  readonly config: JsonObject;
}

/** A channel with the topic that it listens to. */
export type Listening = readonly [topic: string, channel: Channel];

/** Every value that the entity publishes. */
export function channelsOf(entity: Entity): readonly Listening[] {
  const { component } = entity;
  const own =
    component === 'light'
      ? lightChannels(entity)
      : component === 'cover'
        ? coverChannels(entity)
        : component === 'climate'
          ? climateChannels(entity)
          : stateChannel(entity);
  const attributes = textIn(entity.config, 'json_attributes_topic');
  const rest: Listening[] = attributes === undefined ? [] : [[attributes, { ...base(entity), all: true }]];
  return [...own, ...rest, ...availabilityChannels(entity)];
}

function base({ owner, device, object }: Entity): Channel {
  return { o: owner, d: device, ep: object };
}

/** The template under a key: absent, understood, or null. */
function templateIn(config: JsonObject, key: string): Pick<Channel, 't'> {
  const text = member(config, key);
  return typeof text === 'string' ? { t: parseTemplate(text) ?? null } : {};
}

function listen(entity: Entity, topicKey: string, templateKey: string, more: Partial<Channel>): readonly Listening[] {
  const topic = textIn(entity.config, topicKey);
  return topic === undefined ? [] : [[topic, { ...base(entity), ...templateIn(entity.config, templateKey), ...more }]];
}

function stateChannel(entity: Entity): readonly Listening[] {
  const { component, config } = entity;
  if (component === 'binary_sensor') {
    const word = binaryWords.get(textIn(config, 'device_class') ?? '');
    return listen(entity, 'state_topic', 'value_template', { ...(word && { w: word }), ...onOff(config) });
  }
  if (component === 'switch') {
    const { on, off } = onOff(config);
    const state = { on: textIn(config, 'state_on') ?? on, off: textIn(config, 'state_off') ?? off };
    return listen(entity, 'state_topic', 'value_template', { w: 'switch.state', ...state });
  }
  return listen(entity, 'state_topic', 'value_template', component === 'sensor' ? measured(config) : unitOf(config));
}

function onOff(config: JsonObject): { readonly on: string; readonly off: string } {
  return { on: textIn(config, 'payload_on') ?? 'ON', off: textIn(config, 'payload_off') ?? 'OFF' };
}

function unitOf(config: JsonObject): Pick<Channel, 'u'> {
  const unit = textIn(config, 'unit_of_measurement')?.slice(0, 32);
  return unit === undefined ? {} : { u: unitWords.get(unit) ?? unit };
}

function measured(config: JsonObject): Partial<Channel> {
  const word = sensorWords.get(textIn(config, 'device_class') ?? '');
  const stateClass = textIn(config, 'state_class');
  const unit = unitOf(config);
  const reset = parseTemplate(textIn(config, 'last_reset_value_template') ?? '');
  return {
    ...(word && { w: word }),
    ...(word === 'power_factor' && unit.u === undefined ? { u: '/' } : unit),
    ...((stateClass === 'total' || stateClass === 'total_increasing') && { c: stateClass }),
    ...(reset && { lr: reset }),
    ...((stateClass !== undefined || unit.u !== undefined || word !== undefined) && { num: true }),
  };
}

/** ESPHome's lights use the JSON schema: one topic with `state`, `brightness` and `color_temp`. */
function lightChannels(entity: Entity): readonly Listening[] {
  const { config } = entity;
  const scale = member(config, 'brightness_scale') ?? 255;
  const level: Partial<Channel> = {
    ...(scale === 255 || scale === 254 || scale === 100
      ? { w: 'light.brightness', u: scale === 100 ? '%' : `1/${scale}` }
      : {}),
    num: true,
  };
  const state: Partial<Channel> = { w: 'switch.state', ...onOff(config) };
  const kelvin = member(config, 'color_temp_kelvin') === true;
  const colour: Partial<Channel> = { w: 'light.color_temp', u: kelvin ? 'K' : 'mired', num: true };
  const topic = textIn(config, 'state_topic');
  if (textIn(config, 'schema') === 'json' && topic !== undefined) {
    const at = (key: string, more: Partial<Channel>): Listening => [
      topic,
      { ...base(entity), ...more, t: { path: [key] } },
    ];
    return [at('state', { ...state, on: 'ON', off: 'OFF' }), at('brightness', level), at('color_temp', colour)];
  }
  return [
    ...listen(entity, 'state_topic', 'state_value_template', state),
    ...listen(entity, 'brightness_state_topic', 'brightness_value_template', level),
    ...listen(entity, 'color_temp_state_topic', 'color_temp_value_template', colour),
  ];
}

function coverChannels(entity: Entity): readonly Listening[] {
  return [
    ...listen(entity, 'state_topic', 'value_template', { w: 'cover.state' }),
    ...listen(entity, 'position_topic', 'position_template', { w: 'position', u: '%', num: true }),
  ];
}

/** Temperatures are in the unit that the entity names, else in the one of the Home Assistant that it was made for: unknown. */
function climateChannels(entity: Entity): readonly Listening[] {
  const unit = textIn(entity.config, 'temperature_unit');
  const degrees = unit === 'C' || unit === 'F' ? { u: unit } : {};
  return [
    ...listen(entity, 'current_temperature_topic', 'current_temperature_template', {
      w: 'temperature',
      ...degrees,
      num: true,
    }),
    ...listen(entity, 'temperature_state_topic', 'temperature_state_template', {
      w: 'setpoint.heat',
      ...degrees,
      num: true,
    }),
  ];
}

/** One topic, or a list of them; of several each is an endpoint, because only together they say whether all are there. */
function availabilityChannels(entity: Entity): readonly Listening[] {
  const { config } = entity;
  const list = member(config, 'availability');
  if (!Array.isArray(list))
    return availabilityChannel(config, 'availability_topic', 'availability_template', entity, '');
  return (list as readonly Json[])
    .slice(0, 8)
    .flatMap((item, at) =>
      isObject(item)
        ? availabilityChannel(item, 'topic', 'value_template', entity, list.length > 1 ? String(at) : '')
        : [],
    );
}

function availabilityChannel(
  config: JsonObject,
  topicKey: string,
  templateKey: string,
  { owner, device }: Entity,
  ep: string,
): readonly Listening[] {
  const topic = textIn(config, topicKey);
  if (topic === undefined) return [];
  const on = textIn(config, 'payload_available') ?? 'online';
  const off = textIn(config, 'payload_not_available') ?? 'offline';
  return [[topic, { o: owner, d: device, ep, w: 'availability', on, off, ...templateIn(config, templateKey) }]];
}
