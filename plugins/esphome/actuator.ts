import { member, textIn } from '../../contracts/index.ts';
import type { Entity } from './channel.ts';

/** How to tell an entity something. Kept in a list under `e:<device>`. */
export interface Actuator {
  /** The discovery topic that it comes from. */
  readonly o: string;
  readonly ep: string;
  readonly kind: string;
  /** Topics by purpose. */
  readonly state?: string;
  readonly brightness?: string;
  readonly colour?: string;
  readonly position?: string;
  readonly temperature?: string;
  /** The topic on which it shows what it does. */
  readonly shown?: string;
  /** Payloads by purpose. */
  readonly on?: string;
  readonly off?: string;
  readonly open?: string;
  readonly close?: string;
  readonly stop?: string;
  readonly json?: true;
  /** Steps of the brightness; 255 when absent. */
  readonly scale?: number;
  /** The colour temperature is told in kelvin, else in mired. */
  readonly kelvin?: true;
}

const kinds: ReadonlySet<string> = new Set(['switch', 'light', 'cover', 'climate', 'number']);

/** Every text that is there, under its short name. */
function texts<Name extends string>(
  { config }: Entity,
  names: Readonly<Record<Name, readonly [key: string, usual?: string]>>,
): { [name in Name]?: string } {
  const found: { [name in Name]?: string } = {};
  for (const name of Object.keys(names) as Name[]) {
    const [key, usual] = names[name];
    const value = textIn(config, key) ?? usual;
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** How to tell an entity something, or undefined when it takes no command that this codec knows. */
export function actuatorOf(entity: Entity): Actuator | undefined {
  const { owner, object, component, config } = entity;
  if (!kinds.has(component)) return undefined;
  const topics = texts(entity, {
    state: ['command_topic'],
    brightness: ['brightness_command_topic'],
    colour: ['color_temp_command_topic'],
    position: ['set_position_topic'],
    temperature: ['temperature_command_topic'],
  });
  if (Object.keys(topics).length === 0) return undefined;
  const shown = textIn(config, 'state_topic');
  const scale = member(config, 'brightness_scale');
  return {
    o: owner,
    ep: object,
    kind: component,
    ...topics,
    ...(shown !== undefined && { shown }),
    ...(component === 'cover'
      ? texts(entity, {
          open: ['payload_open', 'OPEN'],
          close: ['payload_close', 'CLOSE'],
          stop: ['payload_stop', 'STOP'],
        })
      : texts(entity, { on: ['payload_on', 'ON'], off: ['payload_off', 'OFF'] })),
    ...(textIn(config, 'schema') === 'json' && { json: true }),
    ...(typeof scale === 'number' && scale > 0 && { scale }),
    ...(member(config, 'color_temp_kelvin') === true && { kelvin: true }),
  };
}
