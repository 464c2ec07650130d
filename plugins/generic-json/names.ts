import { canonicalUnit, isMetricWord, type MetricWord, type Scalar } from '../../contracts/index.ts';

/** Units that senders of flat JSON write at the end of a field's name (rtl_433's convention, DATA_FORMAT.md). */
const suffixes: ReadonlyMap<string, string> = new Map([
  ['_C', '°C'],
  ['_F', '°F'],
  ['_hPa', 'hPa'],
  ['_kPa', 'kPa'],
  ['_PSI', 'psi'],
  ['_km_h', 'km/h'],
  ['_m_s', 'm/s'],
  ['_mi_h', 'mph'],
  ['_deg', '°'],
  ['_mm', 'mm'],
  ['_mm_h', 'mm/h'],
  ['_in', 'in'],
  ['_in_h', 'in/h'],
  ['_lux', 'lx'],
  ['_mV', 'mV'],
  ['_V', 'V'],
  ['_A', 'A'],
  ['_W', 'W'],
  ['_kW', 'kW'],
  ['_Wh', 'Wh'],
  ['_kWh', 'kWh'],
  ['_ppm', 'ppm'],
  ['_ug_m3', 'ug/m3'],
]);
const suffix = /_(?:km_h|m_s|mi_h|mm_h|in_h|ug_m3|[A-Za-z]+)$/;

/** The unit that a field's name ends with, and the name without it. */
export function unitIn(path: string): { readonly stem: string; readonly unit: string } | undefined {
  const found = suffix.exec(path)?.[0];
  const unit = found === undefined ? undefined : suffixes.get(found);
  return unit === undefined || found === undefined ? undefined : { stem: path.slice(0, -found.length), unit };
}

const aliases: ReadonlyMap<string, MetricWord> = new Map([
  ['energy', 'energy.import'],
  ['light', 'illuminance'],
  ['pm25', 'pm2_5'],
  ['power', 'power.active'],
  ['rain', 'rain.total'],
  ['rssi', 'signal.rssi'],
  ['wind_avg', 'wind.speed'],
  ['wind_dir', 'wind.direction'],
  ['wind_max', 'wind.gust'],
  ['wind_speed', 'wind.speed'],
]);

/** Flags whose meaning does not hang on a convention; an open contact is true for some senders and false for others. */
const plainFlags: ReadonlySet<string> = new Set([
  'gas',
  'moisture',
  'motion',
  'occupancy',
  'smoke',
  'tamper',
  'vibration',
]);

/**
 * The word for a field name, or undefined. A name that the operator wrote in the configuration is believed; a name that
 * a device chose is believed only where value and word fit together.
 */
export function wordFor(name: string, value: Scalar, configured: boolean): MetricWord | undefined {
  const word = aliases.get(name) ?? (isMetricWord(name) ? name : undefined);
  if (word === undefined || configured) return word;
  if (typeof value === 'boolean') return plainFlags.has(word) ? word : undefined;
  return canonicalUnit(word) === undefined ? undefined : word;
}
