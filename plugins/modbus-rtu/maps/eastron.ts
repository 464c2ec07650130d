import type { MetricWord } from '../../../contracts/index.ts';
import type { Point, RegisterMap } from '../register-map.ts';

/** Every value is an IEEE 754 number in two input registers, the high one first. */
const value = (at: number, name: string, word?: MetricWord, unit?: string, ep?: string): Point => ({
  name: ep === undefined ? name : `${name}.${ep}`,
  table: 'input',
  at,
  as: 'float32',
  order: 'high first',
  ...(word !== undefined && { word }),
  ...(unit !== undefined && { unit }),
  ...(ep !== undefined && { ep }),
});
const counter = (at: number, name: string, word: MetricWord, unit: string): Point => ({
  ...value(at, name, word, unit),
  counter: 'total_increasing',
});

/** A quantity of three phases stands in three neighbouring values. */
const phases = (at: number, name: string, word?: MetricWord, unit?: string): Point[] =>
  ['l1', 'l2', 'l3'].map((phase, index) => value(at + 2 * index, name, word, unit, phase));

const energies = (): Point[] => [
  counter(0x0048, 'energy_import', 'energy.import', 'kWh'),
  counter(0x004a, 'energy_export', 'energy.export', 'kWh'),
];

export const sdm630 = (): RegisterMap => ({
  source: 'Eastron, SDM630-Modbus V2 user manual, Modbus protocol, 1.2 "Input registers"',
  most: 60,
  points: [
    ...phases(0x0000, 'voltage', 'voltage', 'V'),
    ...phases(0x0006, 'current', 'current', 'A'),
    ...phases(0x000c, 'power', 'power.active', 'W'),
    ...phases(0x0012, 'apparent', 'power.apparent', 'VA'),
    ...phases(0x0018, 'reactive', 'power.reactive', 'var'),
    ...phases(0x001e, 'power_factor', 'power_factor', '/'),
    value(0x0034, 'power', 'power.active', 'W'),
    value(0x0038, 'apparent', 'power.apparent', 'VA'),
    value(0x003c, 'reactive', 'power.reactive', 'var'),
    value(0x003e, 'power_factor', 'power_factor', '/'),
    value(0x0046, 'frequency', 'frequency', 'Hz'),
    ...energies(),
  ],
});

export const sdm120 = (): RegisterMap => ({
  source: 'Eastron, SDM120-Modbus user manual, Modbus protocol, "Input registers"',
  most: 60,
  points: [
    value(0x0000, 'voltage', 'voltage', 'V'),
    value(0x0006, 'current', 'current', 'A'),
    value(0x000c, 'power', 'power.active', 'W'),
    value(0x0012, 'apparent', 'power.apparent', 'VA'),
    value(0x0018, 'reactive', 'power.reactive', 'var'),
    value(0x001e, 'power_factor', 'power_factor', '/'),
    value(0x0046, 'frequency', 'frequency', 'Hz'),
    ...energies(),
  ],
});
