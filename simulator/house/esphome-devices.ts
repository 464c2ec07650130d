import { derived, drift, energy, flip, load, rounded, sometimes, steady } from './physics.ts';
import type { Fields, State, Value } from './physics.ts';

/** One retained discovery config: `homeassistant/<path>/config`. */
export interface Discovery {
  readonly path: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface DiscoveredDevice {
  readonly id: string;
  readonly name: string;
  readonly everyMs: number;
  readonly fields: Fields;
  readonly discovery: readonly Discovery[];
  /** State messages as topic and text or JSON. */
  states(state: State): readonly (readonly [string, unknown])[];
  /** The topic that carries `online` and `offline`; a device without one is known by its silence. */
  readonly status: string;
  /** Topic to the switch field that it commands. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Lines that a device writes beside its values and nobody should read as values. */
  noise?(state: State): readonly (readonly [string, string])[];
}

/** A value as plain text: `ON` and `OFF` for a switch. */
export const spoken = (value: Value | undefined): string => {
  if (typeof value === 'boolean') return value ? 'ON' : 'OFF';
  return String(value);
};

/** An ESPHome node: one plain-text topic per entity, `<node>/<type>/<object>/state`. */
function esphomeNode(wish: {
  readonly node: string;
  readonly mac: string;
  readonly everyMs: number;
  readonly fields: Fields;
  /** `<type>/<object>` by field, and what discovery says of it. */
  readonly entities: Readonly<Record<string, { readonly at: string; readonly config: Record<string, unknown> }>>;
}): DiscoveredDevice {
  const { node, mac, entities } = wish;
  const dev = { ids: mac, name: node, sw: 'esphome v2025.2.2', mdl: 'esp32dev', mf: 'espressif' };
  const list = Object.entries(entities);
  const discovery = list.map(([field, { at, config }]) => {
    const [type = '', object = ''] = at.split('/');
    const command = type === 'switch' ? { cmd_t: `${node}/${at}/command` } : {};
    const topics = { stat_t: `${node}/${at}/state`, avty_t: `${node}/status`, ...command };
    const name = field.charAt(0).toUpperCase() + field.slice(1).replaceAll('_', ' ');
    return {
      path: `${type}/${node}/${object}`,
      config: { name, ...config, ...topics, uniq_id: `ESP${node}${object}`, dev },
    };
  });
  const switches = list.filter(([, { at }]) => at.startsWith('switch/'));
  return {
    id: node,
    name: node,
    everyMs: wish.everyMs,
    fields: wish.fields,
    discovery,
    status: `${node}/status`,
    states: (state) => list.map(([field, { at }]) => [`${node}/${at}/state`, spoken(state[field])]),
    commands: Object.fromEntries(switches.map(([field, { at }]) => [`${node}/${at}/command`, field])),
    noise: () => [[`${node}/debug`, '\u001b[0;36m[D][sensor:094]: Sending state\u001b[0m']],
  };
}

const measured = (dev_cla: string, unit_of_meas: string) => ({ dev_cla, unit_of_meas, stat_cla: 'measurement' });

/** A sensor that fails now and then: ESPHome really publishes `nan`. */
const orNan = (from: string) => ({
  start: 'nan',
  next: (_: Value, { state, random }: { state: State; random: () => number }) =>
    random() < 0.05 ? 'nan' : (state[from] ?? null),
});

const greenhouse = esphomeNode({
  node: 'greenhouse',
  mac: 'b4e62d90c1f7',
  everyMs: 5000,
  fields: {
    _soil: drift(14.6, 0.1, 4),
    soil_temperature: orNan('_soil'),
    soil_moisture: drift(38, 0.5, 15),
    pump: steady(false),
  },
  entities: {
    soil_temperature: { at: 'sensor/soil_temperature', config: measured('temperature', '°C') },
    soil_moisture: { at: 'sensor/soil_moisture', config: measured('moisture', '%') },
    pump: { at: 'switch/pump', config: {} },
  },
});

const workshop = esphomeNode({
  node: 'workshop',
  mac: 'b4e62d90c1f8',
  everyMs: 4000,
  fields: {
    saw: steady(true),
    power: load(640, 'saw', true),
    energy: energy(211.4, 'power', 0.001, 6),
    wifi_signal: drift(-61, 1, 12, 0),
  },
  entities: {
    power: { at: 'sensor/power', config: measured('power', 'W') },
    energy: { at: 'sensor/energy', config: { dev_cla: 'energy', unit_of_meas: 'kWh', stat_cla: 'total_increasing' } },
    wifi_signal: { at: 'sensor/wifi_signal', config: measured('signal_strength', 'dBm') },
    saw: { at: 'switch/saw', config: {} },
  },
});

const attic: DiscoveredDevice = {
  id: 'attic-th',
  name: 'Attic climate',
  everyMs: 6000,
  status: 'rooms/attic/status',
  fields: { t: drift(17.2, 0.1, 5), rh: drift(61.4, 0.5, 15, 2), bat: drift(3.01, 0.002, 0.1, 2) },
  discovery: (['t', 'rh'] as const).map((key) => ({
    path: `sensor/attic_therm_${key}`,
    config: {
      name: null,
      device_class: key === 't' ? 'temperature' : 'humidity',
      state_class: 'measurement',
      unit_of_measurement: key === 't' ? '°C' : '%',
      state_topic: 'rooms/attic/th',
      expire_after: 900,
      value_template: `{{ value_json.${key} }}`,
      unique_id: `attic-th-${key}`,
      availability_topic: 'rooms/attic/status',
      device: { identifiers: ['attic-th'], name: 'Attic climate', manufacturer: 'DIY', model: 'SHT31' },
    },
  })),
  states: ({ t, rh, bat }) => [['rooms/attic/th', { t, rh, bat }]],
};

const meter: DiscoveredDevice = {
  id: 'p1-meter',
  name: 'P1 meter',
  everyMs: 4000,
  status: 'p1/meter/status',
  fields: {
    w: drift(-120, 60, 1200, 0),
    _import: derived(0, ({ w }) => Math.max(0, Number(w))),
    imp_kwh: energy(10_482.117, '_import', 0.001, 6),
  },
  discovery: [
    { key: 'w', more: measured('power', 'W') },
    { key: 'imp_kwh', more: { dev_cla: 'energy', unit_of_meas: 'kWh', stat_cla: 'total_increasing' } },
  ].map(({ key, more }) => ({
    path: `sensor/p1_meter/${key}`,
    config: {
      name: key,
      '~': 'p1/meter',
      stat_t: '~/state',
      avty_t: '~/status',
      val_tpl: `{{ value_json.${key} }}`,
      ...more,
      uniq_id: `p1_${key}`,
      dev: { ids: ['p1-meter'], name: 'P1 meter', mf: 'DIY' },
    },
  })),
  states: ({ w, imp_kwh: kwh }) => [['p1/meter/state', { w, imp_kwh: rounded(Number(kwh), 3) }]],
};

const porch: DiscoveredDevice = {
  id: 'porch',
  name: 'Porch',
  everyMs: 8000,
  status: 'porch/status',
  fields: { door: flip('shut', 'open', 0.06) },
  discovery: [
    {
      path: 'binary_sensor/porch_door',
      config: {
        name: 'Door',
        dev_cla: 'door',
        stat_t: 'porch/door',
        avty_t: 'porch/status',
        uniq_id: 'porch_door',
        pl_on: 'open',
        pl_off: 'shut',
        dev: { ids: ['porch'], name: 'Porch' },
      },
    },
  ],
  states: ({ door }) => [['porch/door', spoken(door)]],
};

/** Imperial units, as a discovered device may have them. */
const weather: DiscoveredDevice = {
  id: 'weatherbox',
  name: 'Weather box',
  everyMs: 6000,
  status: 'weatherbox/91/status',
  fields: { temp_f: drift(57.9, 0.2, 12), baro: drift(29.88, 0.01, 0.6, 2), rain: sometimes(0, [0.01, 0.02], 0.1) },
  discovery: [
    { key: 'temp_f', cls: 'temperature', unit: '°F' },
    { key: 'baro', cls: 'pressure', unit: 'inHg' },
    { key: 'rain', cls: 'precipitation', unit: 'in' },
  ].map(({ key, cls, unit }) => ({
    path: `sensor/weatherbox/${key}`,
    config: {
      name: key,
      ...measured(cls, unit),
      stat_t: 'weatherbox/91/state',
      avty_t: 'weatherbox/91/status',
      val_tpl: `{{ value_json.${key} }}`,
      uniq_id: `weatherbox_${key}`,
      dev: { ids: ['weatherbox'] },
    },
  })),
  states: ({ temp_f, baro, rain }) => [['weatherbox/91/state', { temp_f, baro, rain }]],
};

/** The part of the house that Home Assistant discovery describes: two ESPHome nodes and four others. */
export const discoveredDevices: readonly DiscoveredDevice[] = [greenhouse, workshop, attic, meter, porch, weather];
