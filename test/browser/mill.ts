import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteTemplate } from '../../contracts/registry-bulk.ts';

export const lamp = 'z2m:0x84fd27fffe5a6b7c';

const flat = 'Old Mill/Ground floor/Flat';
const upper = 'Old Mill/Upper floor/Flat';
const outside = 'Old Mill/Outside/Yard';

const named: readonly (readonly [id: string, name: string, place: string])[] = [
  ['z2m:0x00158d00aa11bb22', 'Pantry climate', `${flat}/Kitchen`],
  ['z2m:0xa4c138f1d2e30416', 'Fridge', `${flat}/Kitchen`],
  ['z2m:0x000d6f0012345678', 'Kitchen smoke alarm', `${flat}/Kitchen`],
  ['z2m:0x00158d0002c2d3e5', 'Sink leak sensor', `${flat}/Kitchen`],
  ['shelly:shellygas-44A0D1', 'Gas alarm', `${flat}/Kitchen`],
  ['tasmota:0A1B2C3D4E60', 'Bath heater', `${flat}/Bathroom`],
  ['shelly:shellyht-5E0A19', 'Bathroom climate', `${flat}/Bathroom`],
  [lamp, 'Sofa lamp', `${flat}/Living room`],
  ['z2m:0x00158d00aa11bb23', 'Living room climate', `${flat}/Living room`],
  ['z2m:0x94deb8fffe112233', 'Living room radiator', `${flat}/Living room`],
  ['shelly:shellydimmer2-D0011E', 'Ceiling light', `${flat}/Living room`],
  ['tasmota:0A1B2C3D4E64', 'Living room air', `${flat}/Living room`],
  ['z2m:0x00158d00cc33dd44', 'Hall motion', `${flat}/Hall`],
  ['z2m:0x00158d0001c2d3e4', 'Back door', `${flat}/Hall`],
  ['tasmota:0A1B2C3D4E61', 'Main panel', `${flat}/Hall`],
  ['ha:p1-meter', 'Electricity meter', `${flat}/Hall`],
  ['shelly:shellypro3em-2cbcbb9e0f10', 'Three-phase meter', `${flat}/Hall`],
  ['z2m:0x00158d00aa11bb24', 'Bedroom climate', `${upper}/Bedroom`],
  ['z2m:0x847127fffe0c1d2e', 'Bedside remote', `${upper}/Bedroom`],
  ['z2m:0xa4c1380a0b0c0d0e', 'Two-gang switch', `${upper}/Bedroom`],
  ['z2m:0xa4c1380102030405', 'Nursery air', `${upper}/Nursery`],
  ['z2m:0xa4c138f1d2e30415', 'Desk plug', `${upper}/Study`],
  ['shelly:shellyplug-s-7A11F0', 'Printer plug', `${upper}/Study`],
  ['shelly:shellyhtg3-84fce63ad1b8', 'Study climate', `${upper}/Study`],
  ['ha:attic-th', 'Attic climate', `${upper}/Attic`],
  ['ha:porch', 'Porch door', `${outside}/Porch`],
  ['ha:weatherbox', 'Weather', `${outside}/Porch`],
  ['ha:b4e62d90c1f7', 'Well pump', `${outside}/Workshop`],
  ['ha:b4e62d90c1f8', 'Saw', `${outside}/Workshop`],
  ['tasmota:0A1B2C3D4E65', 'Garage', `${outside}/Workshop`],
  ['tasmota:0A1B2C3D4E63', 'Boiler', `${outside}/Workshop`],
  ['tasmota:0A1B2C3D4E62', 'Cellar', `${outside}/Workshop`],
  ['tasmota:0A1B2C3D4E5F', 'Laundry', `${flat}/Bathroom`],
  ['shelly:shellydw2-18BB02', 'Front door', `${flat}/Hall`],
  ['shelly:shellyem-B90C44', 'Solar meter', `${flat}/Hall`],
  ['shelly:shellyplus2pm-d48afc0a1b2c', 'Shutters', `${upper}/Bedroom`],
  ['shelly:shellyplusi4-08f9e0e5c1aa', 'Wall buttons', `${upper}/Bedroom`],
];

/** The house of the pictures: names and rooms for the simulated devices. A few stay as they came. */
export const millTemplate: SiteTemplate = {
  buildings: [
    {
      name: 'Old Mill',
      floors: [
        { name: 'Ground floor', areas: [{ name: 'Flat', rooms: ['Bathroom', 'Hall', 'Kitchen', 'Living room'] }] },
        { name: 'Upper floor', areas: [{ name: 'Flat', rooms: ['Attic', 'Bedroom', 'Nursery', 'Study'] }] },
        { name: 'Outside', areas: [{ name: 'Yard', rooms: ['Porch', 'Workshop'] }] },
      ],
    },
  ],
  groups: [{ name: 'Facility', members: ['Ann'], areas: ['Old Mill/Outside/Yard'] }],
  deviceTemplates: {},
  devices: named.map(([id, name, place]) => ({ id, name, place, tags: [] })),
};

export const millRule = {
  id: 'warm-fridge',
  name: 'Fridge draws no power',
  when: { metric: 'power.active', where: { device: 'z2m:0xa4c138f1d2e30416' }, below: 1 },
  do: [{ raise: 'fridge-off', text: 'The fridge draws no power: is its door open, or its plug out?' }],
};

const template = join(import.meta.dirname, '../../gateway/flows/templates/presence-light.json');
export const millFlows = JSON.parse(readFileSync(template, 'utf8')) as object[];
