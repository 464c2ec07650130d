import type { Scalar } from '../../contracts/index.ts';
import type { Meaning } from './meaning.ts';

const flags: ReadonlyMap<Scalar, boolean> = new Map<Scalar, boolean>([
  [true, true],
  [false, false],
]);
const power: Meaning = { word: 'power.active', unit: 'W' };
const apparent: Meaning = { word: 'power.apparent', unit: 'VA' };
const voltage: Meaning = { word: 'voltage', unit: 'V' };
const current: Meaning = { word: 'current', unit: 'A' };
const frequency: Meaning = { word: 'frequency', unit: 'Hz' };
const powerFactor: Meaning = { word: 'power_factor', unit: '/' };
const imported: Meaning = { word: 'energy.import', unit: 'Wh', counter: 'total_increasing' };
const exported: Meaning = { word: 'energy.export', unit: 'Wh', counter: 'total_increasing' };
const battery: Meaning = { word: 'battery', unit: '%' };
const rssi: Meaning = { word: 'signal.rssi', unit: 'dBm' };
const meta: Meaning = { meta: true };

/** What every component that switches and measures has (Shelly Gen2 API, component Switch and its kin). */
const metered: readonly (readonly [string, Meaning])[] = [
  ['output', { word: 'switch.state', flags }],
  ['apower', power],
  ['aprtpower', apparent],
  ['voltage', voltage],
  ['current', current],
  ['freq', frequency],
  ['pf', powerFactor],
  ['aenergy.total', imported],
  ['aenergy.by_minute.#', { unit: 'mWh' }],
  ['aenergy.minute_ts', meta],
  ['ret_aenergy.total', exported],
  ['ret_aenergy.by_minute.#', { unit: 'mWh' }],
  ['ret_aenergy.minute_ts', meta],
  ['temperature.tC', { word: 'temperature.device', unit: '°C' }],
  ['temperature.tF', meta],
  ['source', meta],
  ['brightness', { word: 'light.brightness', unit: '%' }],
  ['ct', { word: 'light.color_temp', unit: 'K' }],
];

const switching = new Map<string, Meaning>(metered);

/** Fields by component type, list places replaced by `#`. `by_minute` is mWh, `total` is Wh; only `total` is the energy. */
export const components: ReadonlyMap<string, ReadonlyMap<string, Meaning>> = new Map([
  ['switch', switching],
  ['light', switching],
  ['rgb', switching],
  ['rgbw', switching],
  ['cct', switching],
  ['pm1', switching],
  [
    'cover',
    new Map<string, Meaning>([
      ...metered,
      ['state', { word: 'cover.state' }],
      ['current_pos', { word: 'position', unit: '%' }],
      ['target_pos', { unit: '%' }],
    ]),
  ],
  [
    'input',
    new Map<string, Meaning>([
      ['state', { word: 'input', flags }],
      ['percent', { unit: '%' }],
    ]),
  ],
  [
    'temperature',
    new Map<string, Meaning>([
      ['tC', { word: 'temperature', unit: '°C' }],
      ['tF', meta],
    ]),
  ],
  ['humidity', new Map<string, Meaning>([['rh', { word: 'humidity', unit: '%' }]])],
  ['illuminance', new Map<string, Meaning>([['lux', { word: 'illuminance', unit: 'lx' }]])],
  ['voltmeter', new Map<string, Meaning>([['voltage', voltage]])],
  ['smoke', new Map<string, Meaning>([['alarm', { word: 'smoke', flags }]])],
  ['flood', new Map<string, Meaning>([['alarm', { word: 'moisture', flags }]])],
  [
    'devicepower',
    new Map<string, Meaning>([
      ['battery.V', { word: 'battery.voltage', unit: 'V' }],
      ['battery.percent', battery],
    ]),
  ],
  [
    'em1',
    new Map<string, Meaning>([
      ['act_power', power],
      ['aprt_power', apparent],
      ['voltage', voltage],
      ['current', current],
      ['pf', powerFactor],
      ['freq', frequency],
    ]),
  ],
  [
    'em1data',
    new Map<string, Meaning>([
      ['total_act_energy', imported],
      ['total_act_ret_energy', exported],
    ]),
  ],
  [
    'blutrv',
    new Map<string, Meaning>([
      ['target_C', { word: 'setpoint.heat', unit: '°C' }],
      ['current_C', { word: 'temperature', unit: '°C' }],
      ['pos', { word: 'valve.position', unit: '%' }],
      ['rssi', rssi],
      ['battery', battery],
    ]),
  ],
  [
    'bthomedevice',
    new Map<string, Meaning>([
      ['rssi', rssi],
      ['battery', battery],
    ]),
  ],
  [
    'sys',
    new Map<string, Meaning>([
      ['uptime', { word: 'uptime', unit: 's' }],
      ['mac', meta],
      ['time', meta],
      ['unixtime', meta],
      ['wakeup_period', { unit: 's' }],
    ]),
  ],
  [
    'wifi',
    new Map<string, Meaning>([
      ['rssi', rssi],
      ['ssid', meta],
      ['sta_ip', meta],
      ['status', meta],
    ]),
  ],
]);

/** Three-phase meters write the phase in front of the field: `a_current`, `n_current`, `total_act_power`. */
export const phaseFields: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['current', current],
  ['voltage', voltage],
  ['act_power', power],
  ['aprt_power', apparent],
  ['pf', powerFactor],
  ['freq', frequency],
  ['total_act_energy', imported],
  ['total_act_ret_energy', exported],
  ['total_act', imported],
  ['total_act_ret', exported],
]);

/** Components that speak of the device itself rather than of what it measures or switches. */
export const housekeeping: ReadonlySet<string> = new Set([
  'sys',
  'wifi',
  'eth',
  'cloud',
  'mqtt',
  'ws',
  'ble',
  'bthome',
  'knx',
  'matter',
  'modbus',
  'ui',
  'script',
]);
