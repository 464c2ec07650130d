import { ampere, drift, energy, flip, load, sometimes, steady, wear } from './physics.ts';
import type { Fields } from './physics.ts';
import { battery, binary, choice, light, linkquality, numeric, onOffSwitch, thermostat } from './zigbee-exposes.ts';
import type { Expose } from './zigbee-exposes.ts';

export interface ZigbeeModel {
  readonly vendor: string;
  readonly model: string;
  readonly description: string;
  readonly power: 'Battery' | 'Mains (single phase)';
  readonly exposes: readonly Expose[];
  readonly fields: Fields;
  /** Says something only when this field has a value: a remote is silent until a button is pressed. */
  readonly onlyWith?: string;
}

export interface ZigbeeDevice {
  readonly ieee: string;
  /** May contain slashes. */
  readonly name: string;
  readonly everyMs: number;
  readonly model: ZigbeeModel;
}

const link = drift(140, 6, 80, 0);

const climate = (temperature: number): ZigbeeModel => ({
  vendor: 'Aqara',
  model: 'WSDCGQ11LM',
  description: 'Temperature and humidity sensor',
  power: 'Battery',
  exposes: [
    battery,
    numeric('temperature', '°C'),
    numeric('humidity', '%'),
    numeric('pressure', 'hPa'),
    numeric('voltage', 'mV'),
    linkquality,
  ],
  fields: {
    temperature: drift(temperature, 0.08, 4, 2),
    humidity: drift(52, 0.4, 15, 2),
    pressure: drift(1009, 0.2, 12, 1),
    battery: steady(87),
    voltage: drift(2985, 3, 40, 0),
    linkquality: link,
  },
});

const plug = (watts: number): ZigbeeModel => ({
  vendor: 'TuYa',
  model: 'TS011F_plug_1',
  description: 'Smart plug (with power monitoring)',
  power: 'Mains (single phase)',
  exposes: [
    onOffSwitch(),
    numeric('power', 'W', 5),
    numeric('current', 'A', 5),
    numeric('voltage', 'V', 5),
    numeric('energy', 'kWh'),
    choice('power_outage_memory', ['on', 'off', 'restore'], 7),
    linkquality,
  ],
  fields: {
    state: steady('ON'),
    voltage: drift(231, 0.6, 5, 0),
    power: load(watts, 'state', 'ON', 0),
    current: ampere('power', 'voltage'),
    energy: energy(73.06, 'power', 0.001, 6),
    power_outage_memory: steady('restore'),
    linkquality: link,
  },
});

const contact: ZigbeeModel = {
  vendor: 'Aqara',
  model: 'MCCGQ11LM',
  description: 'Door and window sensor',
  power: 'Battery',
  exposes: [
    battery,
    // Inverted as in the real definition: false means open.
    binary('contact', false, true),
    numeric('device_temperature', '°C'),
    numeric('voltage', 'mV'),
    linkquality,
  ],
  fields: {
    contact: flip(true, false, 0.05),
    device_temperature: drift(24, 0.5, 5, 0),
    battery: steady(100),
    voltage: drift(3045, 3, 40, 0),
    linkquality: link,
  },
};

const leak: ZigbeeModel = {
  vendor: 'Aqara',
  model: 'SJCGQ11LM',
  description: 'Water leak sensor',
  power: 'Battery',
  exposes: [battery, binary('water_leak', true, false), binary('tamper', true, false), linkquality],
  fields: {
    water_leak: sometimes(false, [true], 0.002),
    tamper: steady(false),
    battery: wear(93, 0.05),
    linkquality: link,
  },
};

const motion: ZigbeeModel = {
  vendor: 'Aqara',
  model: 'RTCGQ11LM',
  description: 'Motion sensor',
  power: 'Battery',
  exposes: [battery, binary('occupancy', true, false), numeric('illuminance', 'lx'), linkquality],
  fields: {
    occupancy: flip(false, true, 0.3),
    illuminance: drift(180, 12, 160, 0),
    battery: steady(66),
    linkquality: link,
  },
};

const lamp: ZigbeeModel = {
  vendor: 'IKEA',
  model: 'LED2101G4',
  description: 'TRADFRI bulb E27, white spectrum',
  power: 'Mains (single phase)',
  exposes: [light, linkquality],
  fields: {
    state: steady('ON'),
    brightness: steady(141),
    color_temp: steady(366),
    color_mode: steady('color_temp'),
    linkquality: link,
  },
};

const actions = ['on', 'off', 'brightness_move_up', 'brightness_stop'];
const remote: ZigbeeModel = {
  vendor: 'IKEA',
  model: 'E1743',
  description: 'TRADFRI on/off switch',
  power: 'Battery',
  exposes: [battery, choice('action', actions), linkquality],
  fields: { action: sometimes(null, actions, 0.25), battery: steady(74), linkquality: link },
  onlyWith: 'action',
};

const air: ZigbeeModel = {
  vendor: 'TuYa',
  model: 'TS0601_air_quality_sensor',
  description: 'Air quality sensor',
  power: 'Mains (single phase)',
  exposes: [
    numeric('temperature', '°C'),
    numeric('humidity', '%'),
    numeric('co2', 'ppm'),
    numeric('voc', 'ppb'),
    numeric('formaldehyd', 'µg/m³'),
    numeric('pm25', 'µg/m³'),
    linkquality,
  ],
  fields: {
    temperature: drift(22.6, 0.1, 2, 1),
    humidity: drift(47, 0.5, 10, 0),
    co2: drift(871, 15, 350, 0),
    voc: drift(143, 5, 100, 0),
    formaldehyd: drift(11, 1, 8, 0),
    pm25: drift(9, 1, 7, 0),
    linkquality: link,
  },
};

const twoGang: ZigbeeModel = {
  vendor: 'TuYa',
  model: 'TS0012',
  description: '2 gang switch',
  power: 'Mains (single phase)',
  exposes: [onOffSwitch('left'), onOffSwitch('right'), linkquality],
  fields: { state_left: steady('OFF'), state_right: steady('ON'), linkquality: link },
};

const smoke: ZigbeeModel = {
  vendor: 'HEIMAN',
  model: 'HS1SA-E',
  description: 'Smoke detector',
  power: 'Battery',
  exposes: [battery, binary('smoke', true, false), binary('battery_low', true, false), linkquality],
  fields: {
    smoke: sometimes(false, [true], 0.001),
    battery_low: steady(false),
    battery: steady(100),
    linkquality: link,
  },
};

const valve: ZigbeeModel = {
  vendor: 'Danfoss',
  model: '014G2461',
  description: 'Ally thermostat',
  power: 'Battery',
  exposes: [thermostat, numeric('pi_heating_demand', '%'), battery, linkquality],
  fields: {
    occupied_heating_setpoint: steady(21),
    local_temperature: drift(20.4, 0.1, 2, 2),
    system_mode: steady('heat'),
    pi_heating_demand: drift(35, 5, 30, 0),
    battery: steady(59),
    linkquality: link,
  },
};

/** The Zigbee part of the house. */
export const zigbeeDevices: readonly ZigbeeDevice[] = [
  { ieee: '0x00158d00aa11bb22', name: 'Pantry climate', everyMs: 5000, model: climate(17.4) },
  { ieee: '0x00158d00aa11bb23', name: 'Living room climate', everyMs: 5000, model: climate(21.3) },
  { ieee: '0x00158d00aa11bb24', name: 'floor1/bedroom/climate', everyMs: 5000, model: climate(19.1) },
  { ieee: '0xa4c138f1d2e30415', name: 'floor2/office/desk_plug', everyMs: 4000, model: plug(88) },
  { ieee: '0xa4c138f1d2e30416', name: 'Fridge', everyMs: 4000, model: plug(104) },
  { ieee: '0x00158d0001c2d3e4', name: 'Back door', everyMs: 8000, model: contact },
  { ieee: '0x00158d0002c2d3e5', name: 'Utility leak', everyMs: 10_000, model: leak },
  { ieee: '0x00158d00cc33dd44', name: 'Hall motion', everyMs: 6000, model: motion },
  { ieee: '0x84fd27fffe5a6b7c', name: 'Sofa lamp', everyMs: 8000, model: lamp },
  { ieee: '0x847127fffe0c1d2e', name: 'Bedside remote', everyMs: 5000, model: remote },
  { ieee: '0xa4c1380102030405', name: 'Nursery air', everyMs: 4000, model: air },
  { ieee: '0xa4c1380a0b0c0d0e', name: 'two gang switch', everyMs: 8000, model: twoGang },
  { ieee: '0x000d6f0012345678', name: 'Kitchen smoke', everyMs: 10_000, model: smoke },
  { ieee: '0x94deb8fffe112233', name: 'Living room radiator', everyMs: 6000, model: valve },
];
