/** Where and as whom a device connects. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

interface Family {
  readonly name: string;
  /** Profile of the broker. */
  readonly profile: string;
  /** Where in the device these are entered. */
  readonly where: string;
  /** Exactly what to paste. */
  readonly settings: (login: Login) => string;
}

/** A name that every family takes as client id, topic and user. */
export const userPattern = /^[A-Za-z0-9](?:\w|-){1,31}$/;

/** How each family of devices is brought to this gateway; the client id is the user, as the profiles want it. */
export const families: readonly Family[] = [
  {
    name: 'Tasmota',
    profile: 'tasmota',
    where: 'Open the device’s page, choose Console, and paste this line.',
    settings: ({ host, port, user, password }) =>
      `Backlog MqttHost ${host}; MqttPort ${port}; MqttUser ${user}; MqttClient ${user}; Topic ${user}; MqttPassword ${password}; SetOption19 0`,
  },
  {
    name: 'Shelly',
    profile: 'shelly',
    where: 'Open the device’s page, choose Settings, MQTT, enable it and enter these, then reboot the device.',
    settings: ({ host, port, user, password }) =>
      [
        `Server: ${host}:${port}`,
        `Client ID: ${user}`,
        `MQTT prefix: ${user}`,
        `Username: ${user}`,
        `Password: ${password}`,
        'RPC over MQTT and status notifications: on',
      ].join('\n'),
  },
  {
    name: 'ESPHome',
    profile: 'esphome',
    where: 'Put this into the device’s YAML file and install it.',
    settings: ({ host, port, user, password }) =>
      [
        'mqtt:',
        `  broker: ${host}`,
        `  port: ${port}`,
        `  username: ${user}`,
        `  password: "${password}"`,
        `  client_id: ${user}`,
        `  topic_prefix: ${user}`,
      ].join('\n'),
  },
  {
    name: 'Zigbee2MQTT',
    profile: 'zigbee2mqtt',
    where: 'Put this into configuration.yaml and restart Zigbee2MQTT.',
    settings: ({ host, port, user, password }) =>
      [
        'mqtt:',
        '  base_topic: zigbee2mqtt',
        `  server: mqtt://${host}:${port}`,
        `  user: ${user}`,
        `  password: "${password}"`,
        `  client_id: ${user}`,
        '  version: 4',
      ].join('\n'),
  },
  {
    name: 'Something else that speaks MQTT',
    profile: 'generic',
    where: `It may publish JSON below devices/ and its client id.`,
    settings: ({ host, port, user, password }) =>
      [
        `Server: ${host}:${port}`,
        `Client ID: ${user}`,
        `Username: ${user}`,
        `Password: ${password}`,
        `Topic: devices/${user}/…`,
      ].join('\n'),
  },
];

/** For an app that reads it with the camera. */
export const qrText = ({ host, port, user, password }: Login): string =>
  `mqtt://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}?clientId=${encodeURIComponent(user)}`;
