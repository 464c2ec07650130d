import { modbusFrame } from '../../../contracts/index.ts';
import type { Plugin } from '../../../contracts/plugin.ts';
import esphome from '../../../plugins/esphome/index.ts';
import genericJson from '../../../plugins/generic-json/index.ts';
import gpio from '../../../plugins/gpio/index.ts';
import modbusRtu from '../../../plugins/modbus-rtu/index.ts';
import shelly from '../../../plugins/shelly/index.ts';
import tasmota from '../../../plugins/tasmota/index.ts';
import tuya from '../../../plugins/tuya/index.ts';
import zigbee2mqtt from '../../../plugins/zigbee2mqtt/index.ts';

/** A plugin as the gateway sees it once it is imported: its configuration is whatever its schema makes. */
const imported = <Config>(plugin: Plugin<Config>): Plugin => plugin as unknown as Plugin;

/** Every plugin of the repository with the parts of the payload corpus that it has to cope with. */
export const plugins: readonly {
  readonly plugin: Plugin;
  readonly corpus: readonly string[];
  /** For a plugin that knows no device without being told. */
  readonly settings?: unknown;
  /** What it decodes with these settings, where the corpus has nothing of that. */
  readonly answers?: readonly (readonly [topic: string, payload: Uint8Array])[];
}[] = [
  { plugin: imported(esphome), corpus: ['esphome_ha'] },
  { plugin: imported(genericJson), corpus: ['theengs_omg', 'rtl_433', 'tuyalink', 'zigbee2mqtt'] },
  {
    plugin: imported(gpio),
    corpus: ['gpio'],
    settings: {
      lines: {
        'front-door': { is: 'door' },
        water: { is: 'pulses', of: 'water.volume', unit: 'L', perPulse: 10 },
        pump: { is: 'switch' },
      },
    },
  },
  {
    plugin: imported(modbusRtu),
    corpus: [],
    settings: {
      devices: {
        house: { port: 'meters', unit: 1, map: 'sdm630' },
        boiler: { port: 'meters', unit: 2, map: 'pzem-016' },
        relays: { port: 'meters', unit: 3, map: 'relays-8' },
      },
    },
    answers: [
      ['serial/meters/2/availability', Buffer.from('online')],
      ['serial/meters/2/4/0/10', modbusFrame([2, 4, 20, ...Array<number>(20).fill(7)])],
      ['serial/meters/3/1/0/8', modbusFrame([3, 1, 1, 0b101])],
    ],
  },
  { plugin: imported(shelly), corpus: ['shelly_gen1', 'shelly_gen2'] },
  { plugin: imported(tasmota), corpus: ['tasmota'] },
  { plugin: imported(tuya), corpus: ['tuya_queue'] },
  { plugin: imported(zigbee2mqtt), corpus: ['zigbee2mqtt'] },
];
