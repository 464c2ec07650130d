import type { MetricWord, Scalar } from '../../contracts/index.ts';

/** What a data point of Tuya's standard instruction set means. `flag`: the values that mean yes. */
export interface Meaning {
  readonly word: MetricWord;
  /** Where the specification of a product names no unit, the standard instruction set's. */
  readonly unit?: string;
  readonly flag?: readonly Scalar[];
}

/** Tuya, "Standard Instruction Set". Whatever is not here stays `x.tuya.<code>`. */
const meanings: Readonly<Record<string, Meaning>> = {
  battery_percentage: { word: 'battery', unit: '%' },
  ch2o_value: { word: 'formaldehyde' },
  co2_value: { word: 'co2', unit: 'ppm' },
  co_state: { word: 'carbon_monoxide', flag: ['alarm', '1'] },
  cur_current: { word: 'current' },
  cur_power: { word: 'power.active' },
  cur_voltage: { word: 'voltage' },
  doorcontact_state: { word: 'contact', flag: [true] },
  gas_sensor_state: { word: 'gas', flag: ['alarm', '1'] },
  humidity_value: { word: 'humidity', unit: '%' },
  humidity_current: { word: 'humidity', unit: '%' },
  illuminance_value: { word: 'illuminance', unit: 'lx' },
  percent_state: { word: 'position', unit: '%' },
  pir: { word: 'motion', flag: ['pir'] },
  pm25_value: { word: 'pm2_5', unit: 'ug/m3' },
  presence_state: { word: 'occupancy', flag: ['presence', 'move', 'small_move', 'large_move'] },
  residual_electricity: { word: 'battery', unit: '%' },
  smoke_sensor_state: { word: 'smoke', flag: ['alarm', '1'] },
  smoke_sensor_status: { word: 'smoke', flag: ['alarm', '1'] },
  switch: { word: 'switch.state', flag: [true] },
  switch_led: { word: 'switch.state', flag: [true] },
  temp_current: { word: 'temperature', unit: '℃' },
  temp_set: { word: 'setpoint.heat', unit: '℃' },
  temper_alarm: { word: 'tamper', flag: [true] },
  va_battery: { word: 'battery', unit: '%' },
  va_humidity: { word: 'humidity', unit: '%' },
  va_temperature: { word: 'temperature', unit: '℃' },
  watersensor_state: { word: 'moisture', flag: ['alarm', '1'] },
};

const numbered = /^switch_(\d{1,2})$/;

/** The meaning of a code, and the endpoint that its number names. */
export function meaningOf(code: string): { readonly meaning: Meaning; readonly ep: string | undefined } | undefined {
  const ep = numbered.exec(code)?.[1];
  const key = ep === undefined ? code : 'switch';
  const meaning = Object.hasOwn(meanings, key) ? meanings[key] : undefined;
  return meaning && { meaning, ep };
}
