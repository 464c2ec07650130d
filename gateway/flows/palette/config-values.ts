import type { FlowMessage, NodeConfig } from '../runtime/red.ts';

/** What a person typed into a field of a node, trimmed; empty when nothing. */
export function field(config: NodeConfig, name: string): string {
  const value = config[name];
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
}

/** A field with names between commas. */
export function listOf(config: NodeConfig, name: string): string[] {
  return field(config, name)
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** The property of the message where it has one, else the field of the node. */
export function wordOf(message: FlowMessage, property: string, config: NodeConfig, name = property): string {
  const given = message[property];
  return typeof given === 'string' && given !== '' ? given : field(config, name);
}

/**
 * The field of the node where it is filled in, else the property of the message. What a device said names that device, and
 * the node may mean another one.
 */
export function fieldOr(message: FlowMessage, config: NodeConfig, name: string): string {
  const given = message[name];
  return field(config, name) || (typeof given === 'string' ? given : '');
}

/** A JSON object from a field; an empty field is an empty object. Throws a sentence. */
export function objectOf(config: NodeConfig, name: string): Record<string, unknown> {
  const text = field(config, name);
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below, as for everything that is no object.
  }
  throw new Error(`"${name}" must be a JSON object.`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
