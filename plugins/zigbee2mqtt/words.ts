import type { MetricWord } from '../../contracts/index.ts';

/**
 * Names of exposed features and the words that they may carry, in the order of preference where a device exposes two
 * of one word. Whether a feature gets the word also hangs on its unit: `voc` in ppb is another quantity than in µg/m³.
 */
export const featureWords: readonly (readonly [name: string, ...words: MetricWord[]])[] = [
  ['temperature', 'temperature'],
  ['local_temperature', 'temperature'],
  ['current_temperature', 'temperature'],
  ['device_temperature', 'temperature.device'],
  ['internal_temperature', 'temperature.device'],
  ['humidity', 'humidity'],
  ['soil_moisture', 'moisture.soil'],
  ['pressure', 'pressure'],
  ['illuminance', 'illuminance'],
  ['illuminance_lux', 'illuminance'],
  ['co2', 'co2'],
  ['co', 'co'],
  ['voc', 'voc', 'voc.parts', 'voc.index'],
  ['voc_index', 'voc.index'],
  ['formaldehyd', 'formaldehyde'],
  ['formaldehyde', 'formaldehyde'],
  ['hcho', 'formaldehyde'],
  ['pm1', 'pm1'],
  ['pm25', 'pm2_5'],
  ['pm10', 'pm10'],
  ['ph', 'ph'],
  ['power', 'power.active'],
  ['active_power', 'power.active'],
  ['power_reactive', 'power.reactive'],
  ['reactive_power', 'power.reactive'],
  ['power_apparent', 'power.apparent'],
  ['apparent_power', 'power.apparent'],
  ['power_factor', 'power_factor'],
  ['voltage', 'voltage'],
  ['mains_voltage', 'voltage'],
  ['current', 'current'],
  ['ac_frequency', 'frequency'],
  ['frequency', 'frequency'],
  ['energy', 'energy.import'],
  ['consumed_energy', 'energy.import'],
  ['produced_energy', 'energy.export'],
  ['energy_produced', 'energy.export'],
  ['energy_today', 'energy.today'],
  ['battery', 'battery'],
  ['battery_voltage', 'battery.voltage'],
  ['rssi', 'signal.rssi'],
  ['linkquality', 'signal.lqi'],
  ['position', 'position'],
  ['occupied_heating_setpoint', 'setpoint.heat'],
  ['current_heating_setpoint', 'setpoint.heat'],
  ['occupied_cooling_setpoint', 'setpoint.cool'],
  ['current_cooling_setpoint', 'setpoint.cool'],
  ['brightness', 'light.brightness'],
  ['color_temp', 'light.color_temp'],
  ['x', 'light.x'],
  ['y', 'light.y'],
  ['hue', 'light.hue'],
  ['saturation', 'light.saturation'],
  ['distance', 'distance'],
  ['target_distance', 'distance'],
  ['wind_speed', 'wind.speed'],
  ['wind_direction', 'wind.direction'],
  ['uv_index', 'uv_index'],
  ['rain_intensity', 'rain.rate'],
  ['water_consumed', 'water.volume'],
  ['flow', 'water.flow'],
  ['contact', 'contact'],
  ['occupancy', 'occupancy'],
  ['presence', 'occupancy'],
  ['motion', 'motion'],
  ['water_leak', 'moisture'],
  ['smoke', 'smoke'],
  ['gas', 'gas'],
  ['carbon_monoxide', 'carbon_monoxide'],
  ['tamper', 'tamper'],
  ['vibration', 'vibration'],
  ['battery_low', 'battery.low'],
  ['charging', 'battery.charging'],
  ['state', 'switch.state', 'lock.state', 'cover.state'],
  ['action', 'action'],
];

/** Words that only a feature of this type may carry: a number called `gas` or `smoke` is no alarm. */
export const binaryWords: ReadonlySet<MetricWord> = new Set<MetricWord>([
  'contact',
  'occupancy',
  'motion',
  'moisture',
  'smoke',
  'gas',
  'carbon_monoxide',
  'tamper',
  'vibration',
  'battery.low',
  'battery.charging',
  'switch.state',
  'lock.state',
]);

/** Words that only make sense below a light. */
export const lightWords: ReadonlySet<MetricWord> = new Set<MetricWord>([
  'light.brightness',
  'light.color_temp',
  'light.x',
  'light.y',
  'light.hue',
  'light.saturation',
]);

/** Meters that write the phase behind the name instead of using endpoints: `power_phase_b`, `voltage_a`. */
export const phased =
  /^(power|voltage|current|energy|power_factor|power_apparent|power_reactive|produced_energy|energy_produced)_(?:phase_)?([abc])$/;

/** Counters that only grow. */
export const counters: ReadonlySet<MetricWord> = new Set<MetricWord>([
  'energy.import',
  'energy.export',
  'energy.today',
  'water.volume',
]);
