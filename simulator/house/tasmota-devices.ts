import { ampere, derived, drift, energy, load, rounded, steady } from './physics.ts';
import type { Fields, State, Value } from './physics.ts';

export interface TasmotaDevice {
  /** `%topic%` in the device's topics. */
  readonly topic: string;
  readonly name: string;
  readonly module: string;
  readonly mac: string;
  readonly everyMs: number;
  /** Whether it has a relay, held in the field `POWER`. */
  readonly relay: boolean;
  readonly fields: Fields;
  /** The body of `tele/SENSOR` without `Time`, nested by sensor chip; undefined when there is none. */
  readonly sensors: ((state: State) => Record<string, unknown>) | undefined;
}

const factor = 0.92;
const apparent = (state: State, watts: string): number => rounded(Number(state[watts]) / factor, 0);
const reactive = (state: State, watts: string): number => rounded(Number(state[watts]) * 0.42, 0);

const plugFields = (watts: number, total: number): Fields => ({
  POWER: steady('ON'),
  Voltage: drift(231, 0.6, 5, 0),
  Power: load(watts, 'POWER', 'ON', 0),
  Current: ampere('Power', 'Voltage', factor),
  Total: energy(total, 'Power', 0.001, 6),
  Today: energy(0.916, 'Power', 0.001, 6),
});

const plugSensors = (state: State): Record<string, unknown> => ({
  ENERGY: {
    TotalStartTime: '2024-11-02T09:14:31',
    Total: rounded(Number(state['Total']), 3),
    Yesterday: 1.377,
    Today: rounded(Number(state['Today']), 3),
    Power: state['Power'],
    ApparentPower: apparent(state, 'Power'),
    ReactivePower: reactive(state, 'Power'),
    Factor: Number(state['Power']) > 0 ? factor : 0,
    Voltage: state['Voltage'],
    Current: state['Current'],
  },
});

const phases = ['1', '2', '3'];
const each = (state: State, name: string): Value[] => phases.map((n) => state[name + n] ?? null);

const panelFields: Fields = {
  Voltage1: drift(231, 0.5, 4, 0),
  Voltage2: drift(230, 0.5, 4, 0),
  Voltage3: drift(232, 0.5, 4, 0),
  Power1: drift(204, 12, 150, 0),
  Power2: drift(811, 30, 500, 0),
  Power3: drift(35, 5, 34, 0),
  Current1: ampere('Power1', 'Voltage1', factor),
  Current2: ampere('Power2', 'Voltage2', factor),
  Current3: ampere('Power3', 'Voltage3', factor),
  Sum: derived(0, (state) => phases.reduce((sum, n) => sum + Number(state[`Power${n}`]), 0)),
  Total: energy(5120.331, 'Sum', 0.001, 6),
};

/** A three-phase meter: some values are arrays, others stay single. */
const panelSensors = (state: State): Record<string, unknown> => ({
  ENERGY: {
    TotalStartTime: '2024-06-11T00:00:00',
    Total: rounded(Number(state['Total']), 3),
    Yesterday: 14.2,
    Power: each(state, 'Power'),
    ApparentPower: phases.map((n) => apparent(state, `Power${n}`)),
    ReactivePower: phases.map((n) => reactive(state, `Power${n}`)),
    Factor: [factor, factor, factor],
    Frequency: 50,
    Voltage: each(state, 'Voltage'),
    Current: each(state, 'Current'),
  },
});

const dewPoint = (state: State): Value =>
  rounded(Number(state['Temperature']) - (100 - Number(state['Humidity'])) / 5, 1);

const climateFields = (temperature: number, humidity: number): Fields => ({
  Temperature: drift(temperature, 0.1, 4),
  Humidity: drift(humidity, 0.4, 12),
  DewPoint: derived(0, dewPoint),
});

const climateOf = ({ Temperature, Humidity, DewPoint }: State) => ({ Temperature, Humidity, DewPoint });

/** The Tasmota part of the house. */
export const tasmotaDevices: readonly TasmotaDevice[] = [
  {
    topic: 'laundry',
    name: 'Laundry',
    module: 'Athom Plug V2',
    mac: '0A1B2C3D4E5F',
    everyMs: 5000,
    relay: true,
    fields: plugFields(47, 188.2),
    sensors: plugSensors,
  },
  {
    topic: 'heater',
    name: 'Bath heater',
    module: 'Nous A1T',
    mac: '0A1B2C3D4E60',
    everyMs: 5000,
    relay: true,
    fields: plugFields(1180, 902.55),
    sensors: plugSensors,
  },
  {
    topic: 'panel',
    name: 'Main panel',
    module: 'ESP32-DevKit',
    mac: '0A1B2C3D4E61',
    everyMs: 4000,
    relay: false,
    fields: panelFields,
    sensors: panelSensors,
  },
  {
    topic: 'cellar',
    name: 'Cellar',
    module: 'Generic',
    mac: '0A1B2C3D4E62',
    everyMs: 6000,
    relay: false,
    fields: climateFields(12.3, 71.8),
    sensors: (state) => ({ AM2301: climateOf(state), TempUnit: 'C' }),
  },
  {
    topic: 'boiler',
    name: 'Boiler',
    module: 'Generic',
    mac: '0A1B2C3D4E63',
    everyMs: 6000,
    relay: false,
    fields: { Hot: drift(61.9, 0.4, 6), Return: drift(44.4, 0.4, 6) },
    sensors: (state) => ({
      'DS18B20-1': { Id: '0316A2794FEE', Temperature: state['Hot'] },
      'DS18B20-2': { Id: '0416B3D120FF', Temperature: state['Return'] },
      TempUnit: 'C',
    }),
  },
  {
    topic: 'air',
    name: 'Living room air',
    module: 'Generic',
    mac: '0A1B2C3D4E64',
    everyMs: 5000,
    relay: false,
    fields: {
      ...climateFields(21.7, 45.3),
      co2: drift(733, 12, 300, 0),
      pm1: drift(4, 1, 3, 0),
      pm25: drift(7, 1, 6, 0),
    },
    sensors: (state) => ({
      PMS5003: { PM1: state['pm1'], 'PM2.5': state['pm25'], PM10: Number(state['pm25']) + 1 },
      SCD40: { CarbonDioxide: state['co2'], ...climateOf(state) },
      TempUnit: 'C',
    }),
  },
  {
    topic: 'garage',
    name: 'Garage',
    module: 'ESP32-DevKit',
    mac: '0A1B2C3D4E65',
    everyMs: 6000,
    relay: true,
    fields: { POWER: steady('OFF'), Switch1: steady('ON'), A0: drift(512, 8, 200, 0), chip: drift(48.9, 0.5, 6) },
    sensors: (state) => ({
      Switch1: state['Switch1'],
      ANALOG: { A0: state['A0'] },
      ESP32: { Temperature: state['chip'] },
      TempUnit: 'C',
    }),
  },
];
