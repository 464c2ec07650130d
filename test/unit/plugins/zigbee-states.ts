import type { Json } from '../../../contracts/plugin.ts';

/** One expose as `bridge/devices` carries it (zigbee2mqtt.io/guide/usage/exposes.html). */
export interface Expose {
  readonly type: string;
  readonly name?: string;
  readonly property?: string;
  readonly endpoint?: string;
  readonly unit?: string;
  readonly access?: number;
  readonly value_on?: string | number | boolean;
  readonly value_off?: string | number | boolean;
  readonly value_min?: number;
  readonly value_max?: number;
  readonly values?: readonly (string | number)[];
  readonly features?: readonly Expose[];
}

/** What the state says at a path, and what the definition says about it. */
export interface Label {
  readonly path: string;
  readonly type: string;
  readonly name: string;
  readonly endpoint: string | undefined;
  readonly unit: string | undefined;
  readonly value: string | number | boolean;
  readonly on: string | number | boolean | undefined;
}

interface Node {
  [key: string]: Json;
}

/**
 * A state that a device of this definition could publish, with a label per field. Round 0 and 1 differ in every flag,
 * choice and number. A property that two exposes describe is labelled by the first.
 */
export function labelledState(
  exposes: readonly Expose[],
  round: number,
): { readonly state: Json; readonly labels: readonly Label[] } {
  const state: Node = {};
  const labels: Label[] = [];
  for (const expose of exposes) fill(expose, state, '', round, labels);
  return { state, labels };
}

function fill(expose: Expose, into: Node, path: string, round: number, labels: Label[]): void {
  const { type, features, name = '', property = name } = expose;
  // Bit 1 of `access`: the value is published in the state.
  if (expose.access !== undefined && (expose.access & 1) === 0) return;
  if (features !== undefined && type !== 'composite') {
    for (const feature of features) fill(feature, into, path, round, labels);
    return;
  }
  if (property === '') return;
  const at = path === '' ? property : `${path}.${property}`;
  if (features !== undefined) {
    const known = into[property];
    if (known !== undefined && typeof known !== 'object') return;
    const inner: Node = (known as Node | undefined) ?? {};
    for (const feature of features) fill(feature, inner, at, round, labels);
    if (Object.keys(inner).length > 0) into[property] = inner;
    return;
  }
  if (type === 'list' || Object.hasOwn(into, property)) return;
  const value = valueOf(expose, round);
  into[property] = value;
  labels.push({ path: at, type, name, endpoint: expose.endpoint, unit: expose.unit, value, on: expose.value_on });
}

function valueOf(
  { type, value_on, value_off, value_min = 1, value_max, values }: Expose,
  round: number,
): string | number | boolean {
  if (type === 'binary') return (round === 0 ? value_on : value_off) ?? false;
  if (type === 'enum') return values?.[round % values.length] ?? 'choice';
  if (type === 'numeric') {
    const top = value_max ?? value_min + 100;
    return Math.round((value_min + ((top - value_min) * (round + 1)) / 3) * 100) / 100;
  }
  return `text ${round}`;
}
