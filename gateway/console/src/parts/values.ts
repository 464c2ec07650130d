import { isMetricWord, metricWords } from '../../../../contracts/metric-words.ts';
import { capital, number, plain } from './words.ts';

/** How people write units whose symbol is for machines. */
const units: Readonly<Record<string, string>> = {
  Cel: '°C',
  '%RH': '%',
  m3: 'm³',
  'ug/m3': 'µg/m³',
  '1/min': 'rpm',
  deg: '°',
  '/': '',
};

/** Words whose `true` and `false` people say otherwise than yes and no. */
const truths: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  availability: ['reachable', 'away'],
  'battery.charging': ['charging', 'not charging'],
  'battery.low': ['low', 'fine'],
  contact: ['open', 'closed'],
  moisture: ['wet', 'dry'],
  motion: ['motion', 'quiet'],
  occupancy: ['occupied', 'free'],
  smoke: ['smoke', 'none'],
  'switch.state': ['on', 'off'],
  vibration: ['shaking', 'still'],
};

export type Plain = boolean | number | string;

const wordOf = (key: string): string => key.split('@')[0] ?? key;

/** The unit that values of a metric have, where it has one. */
export function unitOf(key: string): string {
  const word = wordOf(key);
  const unit = isMetricWord(word) ? metricWords[word] : null;
  return unit === null ? '' : (units[unit] ?? unit);
}

export function valueText(key: string, value: Plain): string {
  if (typeof value === 'boolean') {
    const [yes, no] = truths[wordOf(key)] ?? ['yes', 'no'];
    return value ? yes : no;
  }
  if (typeof value === 'string') return value;
  const unit = unitOf(key);
  if (unit === 'Wh' && Math.abs(value) >= 1000) return `${number(value / 1000)} kWh`;
  return `${number(value)}${unit === '' || unit === '°' ? unit : ` ${unit}`}`;
}

const names: Readonly<Record<string, string>> = {
  'switch.state': 'Switch',
  'light.brightness': 'Brightness',
  'light.color_temp': 'Colour temperature',
  'power.active': 'Power',
  'energy.import': 'Energy used',
  'energy.export': 'Energy fed in',
  'setpoint.heat': 'Wanted temperature',
  'signal.rssi': 'Signal',
  'signal.lqi': 'Link quality',
  contact: 'Door or window',
  co2: 'CO₂',
};

/** `switch.state@left` as people read it: "Switch, left". */
export function metricText(key: string): string {
  const [name = '', endpoint] = key.split('@');
  const text = capital(plain(names[name] ?? name.replace(/^x\.\w+\./, '').replaceAll('.', ' ')));
  return endpoint === undefined ? text : `${text}, ${endpoint}`;
}
