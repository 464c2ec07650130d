/** Builders for `definition.exposes` as zigbee-herdsman-converters writes them. `access`: 1 published, 2 set, 4 get. */
export type Expose = Readonly<Record<string, unknown>>;

const label = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');

export const numeric = (name: string, unit?: string, access = 1): Expose => ({
  type: 'numeric',
  name,
  label: label(name),
  property: name,
  access,
  ...(unit !== undefined && { unit }),
});

export const binary = (name: string, on: boolean | string, off: boolean | string): Expose => ({
  type: 'binary',
  name,
  label: label(name),
  property: name,
  access: 1,
  value_on: on,
  value_off: off,
});

export const choice = (name: string, values: readonly string[], access = 1): Expose => ({
  type: 'enum',
  name,
  label: label(name),
  property: name,
  access,
  values,
});

const onOff = (property: string, endpoint?: string): Expose => ({
  type: 'binary',
  name: 'state',
  label: 'State',
  property,
  access: 7,
  value_on: 'ON',
  value_off: 'OFF',
  value_toggle: 'TOGGLE',
  ...(endpoint !== undefined && { endpoint }),
});

export const onOffSwitch = (endpoint?: string): Expose => {
  const property = endpoint === undefined ? 'state' : `state_${endpoint}`;
  return {
    type: 'switch',
    features: [onOff(property, endpoint)],
    ...(endpoint !== undefined && { endpoint }),
  };
};

export const light: Expose = {
  type: 'light',
  features: [
    onOff('state'),
    { ...numeric('brightness', undefined, 7), value_min: 0, value_max: 254 },
    { ...numeric('color_temp', 'mired', 7), value_min: 250, value_max: 454 },
  ],
};

export const thermostat: Expose = {
  type: 'climate',
  features: [
    { ...numeric('occupied_heating_setpoint', '°C', 7), value_min: 5, value_max: 30, value_step: 0.5 },
    numeric('local_temperature', '°C', 5),
    choice('system_mode', ['off', 'heat'], 7),
  ],
};

export const battery: Expose = { ...numeric('battery', '%'), value_min: 0, value_max: 100 };
export const linkquality: Expose = { ...numeric('linkquality', 'lqi'), value_min: 0, value_max: 255 };
