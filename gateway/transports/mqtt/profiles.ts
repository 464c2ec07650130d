/**
 * What a kind of device may do, as data. `%c` in a filter stands for the client id. Everything that no filter allows
 * is refused, and `$SYS` always is.
 */
export interface Profile {
  readonly name: string;
  /** The plugin that decodes this device's messages; without it the topic decides. */
  readonly plugin?: string | undefined;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Whether its messages may be retained. */
  readonly retain: boolean;
}

/** Only for connections without a user name, where the operator allowed them. */
export const openProfile: Profile = { name: 'open', publish: ['#'], subscribe: ['#'], retain: true };

/** Where the devices of a vendor announce themselves, and where all of them are called at once: no device's own. */
export const commonTopics: readonly string[] = [
  'tasmota/discovery/#',
  'cmnd/tasmotas/#',
  'shellies/announce',
  'shellies/command',
  'portcullis/rpc',
  'homeassistant/status',
  'esphome/discover',
];

/** Topic layouts as the vendors document them; a device renamed away from its client id needs a profile of its own. */
export const shippedProfiles: readonly Profile[] = [
  {
    name: 'zigbee2mqtt',
    plugin: 'zigbee2mqtt',
    publish: ['zigbee2mqtt/#', 'homeassistant/#'],
    subscribe: ['zigbee2mqtt/#', 'homeassistant/status'],
    retain: true,
  },
  {
    name: 'tasmota',
    plugin: 'tasmota',
    publish: ['tele/%c/#', 'stat/%c/#', 'tasmota/discovery/#'],
    subscribe: ['cmnd/%c/#', 'cmnd/tasmotas/#'],
    retain: true,
  },
  {
    name: 'shelly',
    plugin: 'shelly',
    // Gen2 answers a command where the command says (`src` of the RPC frame).
    publish: ['shellies/%c/#', 'shellies/announce', '%c/#', 'portcullis/rpc'],
    subscribe: ['shellies/%c/#', 'shellies/command', '%c/#'],
    retain: true,
  },
  {
    name: 'esphome',
    plugin: 'esphome',
    publish: ['%c/#', 'homeassistant/+/%c/#', 'esphome/discover/%c'],
    subscribe: ['%c/#', 'homeassistant/status', 'esphome/discover', 'esphome/ping/%c'],
    retain: true,
  },
  { name: 'generic', publish: ['devices/%c/#'], subscribe: ['devices/%c/#'], retain: true },
  { name: 'reader', publish: [], subscribe: ['#'], retain: false },
];
