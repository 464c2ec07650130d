import type { CounterKind, MetricWord } from '../../contracts/index.ts';

/** What a device says for on and off; both can be renamed. */
export interface OnOff {
  readonly on: string;
  readonly off: string;
}

/** What a key of Tasmota's JSON means. `unit` in braces is named elsewhere in the same message. */
export interface Meaning {
  readonly word?: MetricWord;
  readonly unit?: string | { readonly from: 'TempUnit' | 'PressureUnit' | 'SpeedUnit' };
  readonly counter?: CounterKind;
}

const celsiusOrFahrenheit = { from: 'TempUnit' } as const;

/** Keys inside a sensor chip's object (tasmota.github.io/docs/Supported-Peripherals). */
export const sensorKeys: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['Temperature', { word: 'temperature', unit: celsiusOrFahrenheit }],
  ['Humidity', { word: 'humidity', unit: '%' }],
  ['DewPoint', { word: 'dew_point', unit: celsiusOrFahrenheit }],
  ['Pressure', { word: 'pressure', unit: { from: 'PressureUnit' } }],
  ['SeaPressure', { unit: { from: 'PressureUnit' } }],
  ['Illuminance', { word: 'illuminance', unit: 'lx' }],
  ['CarbonDioxide', { word: 'co2', unit: 'ppm' }],
  // Derived from volatile compounds, not measured: a second opinion that must not pass for CO2.
  ['eCO2', { unit: 'ppm' }],
  ['TVOC', { word: 'voc.parts', unit: 'ppb' }],
  ['PM1', { word: 'pm1', unit: 'µg/m³' }],
  ['PM2.5', { word: 'pm2_5', unit: 'µg/m³' }],
  ['PM10', { word: 'pm10', unit: 'µg/m³' }],
  ['CF1', { unit: 'µg/m³' }],
  ['CF2.5', { unit: 'µg/m³' }],
  ['CF10', { unit: 'µg/m³' }],
  ['PB0.3', { unit: '1/dL' }],
  ['PB0.5', { unit: '1/dL' }],
  ['PB1', { unit: '1/dL' }],
  ['PB2.5', { unit: '1/dL' }],
  ['PB5', { unit: '1/dL' }],
  ['PB10', { unit: '1/dL' }],
  ['Distance', { word: 'distance', unit: 'cm' }],
  ['UvIndex', { word: 'uv_index' }],
]);

/** Keys of `ENERGY` (tasmota.github.io/docs/Power-Monitoring-Calibration, Energy-Saving). */
export const energyKeys: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['Total', { word: 'energy.import', unit: 'kWh', counter: 'total_increasing' }],
  ['Yesterday', { word: 'energy.yesterday', unit: 'kWh' }],
  ['Today', { word: 'energy.today', unit: 'kWh', counter: 'total_increasing' }],
  ['ExportActive', { word: 'energy.export', unit: 'kWh', counter: 'total_increasing' }],
  ['ImportActive', { unit: 'kWh', counter: 'total_increasing' }],
  ['ImportReactive', { unit: 'kVArh', counter: 'total_increasing' }],
  ['ExportReactive', { unit: 'kVArh', counter: 'total_increasing' }],
  ['Period', { unit: 'Wh' }],
  ['Power', { word: 'power.active', unit: 'W' }],
  ['ApparentPower', { word: 'power.apparent', unit: 'VA' }],
  ['ReactivePower', { word: 'power.reactive', unit: 'VAr' }],
  ['Factor', { word: 'power_factor', unit: '/' }],
  ['Frequency', { word: 'frequency', unit: 'Hz' }],
  ['Voltage', { word: 'voltage', unit: 'V' }],
  ['Current', { word: 'current', unit: 'A' }],
]);

/** Keys of `STATE` that say how the node itself does. `Wifi.RSSI` is a percentage, `Wifi.Signal` the dBm. */
export const healthKeys: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['UptimeSec', { word: 'uptime', unit: 's' }],
  ['Vcc', { unit: 'V' }],
  ['Wifi.RSSI', { word: 'signal.quality', unit: '%' }],
  ['Wifi.Signal', { word: 'signal.rssi', unit: 'dBm' }],
  ['Heap', {}],
  ['Sleep', {}],
  ['LoadAvg', {}],
  ['MqttCount', {}],
  ['Wifi.AP', {}],
  ['Wifi.Channel', {}],
  ['Wifi.LinkCount', {}],
  ['Berry.HeapUsed', {}],
  ['Berry.Objects', {}],
]);

/** Texts that describe the node rather than measure. */
export const descriptions: ReadonlySet<string> = new Set([
  'Uptime',
  'SleepMode',
  'Wifi.SSId',
  'Wifi.BSSId',
  'Wifi.Mode',
  'Wifi.Downtime',
  'ENERGY.TotalStartTime',
  'Hostname',
  'IPAddress',
]);
