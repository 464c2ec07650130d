import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { DeviceRecord } from '../../contracts/registry.ts';
import type { ImportReport } from '../../contracts/registry-bulk.ts';
import { call, callForText, gatewayCommand, json, listed, print, rows, type GatewayOptions } from './call-gateway.ts';
import { addCredentialCommands } from './device-credentials.ts';
import { placeAt } from './places.ts';

const route = '/api/v1/devices';
const one = (id: string): string => `${route}/${encodeURIComponent(id)}`;

type Device = DeviceRecord & { readonly path?: string };
type Filter = GatewayOptions & { place?: string; tag?: string; lifeCycle?: string };
type Labels = GatewayOptions & { name?: string; profile?: string; place?: string; tag?: string[] };

/** `portcullis device`: the devices of the registry, and who may connect. Talks to the running gateway. */
export function deviceCommand(): Command {
  const device = new Command('device').description(
    'Show and change devices, and the credentials with which they connect.',
  );
  addReads(device);
  addEdits(device);
  addBulk(device);
  addCredentialCommands(device);
  return device;
}

function addReads(device: Command): void {
  withFilter(gatewayCommand(device, 'list', 'Show the devices, in the order of their ids.')).action(
    async (options: Filter) => {
      const devices: Device[] = [];
      const query = await queryOf(options);
      for (let cursor: string | null = ''; cursor !== null;) {
        query.set('limit', '1000');
        if (cursor !== '') query.set('cursor', cursor);
        const page: { devices: Device[]; next: string | null } = await call(
          options,
          'GET',
          `${route}?${query.toString()}`,
        );
        devices.push(...page.devices);
        cursor = page.next;
      }
      print({ devices }, options, () => listed(devices.map(lineOf)));
    },
  );
  gatewayCommand(device, 'show <id>', 'Show one device.').action(async (id: string, options: GatewayOptions) => {
    const found = await call<Device>(options, 'GET', one(id));
    print(found, options, ({ refusal, tags, ...rest }) => {
      const facts = Object.entries({ ...rest, tags: tags.join(' '), ...refusal });
      return rows(facts.map(([key, value]) => [key, String(value)]));
    });
  });
}

function addEdits(device: Command): void {
  const edit = (
    name: string,
    description: string,
    act: (id: string, more: string, options: Labels) => Promise<Device>,
  ) =>
    gatewayCommand(device, name, description).action(async (id: string, ...rest: unknown[]) => {
      const [more, options] = typeof rest[0] === 'string' ? [rest[0], rest[1] as Labels] : ['', rest[0] as Labels];
      print(await act(id, more, options), options, (changed) => rows([lineOf(changed)]));
    });

  edit('register <id>', 'Register a device before its first message.', async (id, _more, options) => {
    const { name, profile, tag: tags } = options;
    const place = options.place === undefined ? undefined : (await placeAt(options, options.place)).id;
    return call(options, 'POST', route, json({ id, name, profile, place, tags }));
  })
    .option('--name <name>', 'label; the id when left out')
    .option('--profile <name>', 'what kind of device it is')
    .option('--place <path>', 'where it is, like Mill/Ground/East/Kitchen')
    .option('--tag <tags...>', 'words to find it by');
  edit('move <id> <place>', 'Say where a device is now.', async (id, place, options) =>
    call(options, 'PATCH', one(id), json({ place: (await placeAt(options, place)).id })),
  );
  edit('rename <id> <name>', 'Give a device another label; its topics and history keep the id.', (id, name, options) =>
    call(options, 'PATCH', one(id), json({ name })),
  );
  edit('retry <id>', 'Offer a rejected device to the cloud again.', (id, _more, options) =>
    call(options, 'POST', `${one(id)}/retry`, json({})),
  );
  edit('replace <old> <new>', 'Let new hardware take over name, place and tags.', (id, by, options) =>
    call(options, 'POST', `${one(id)}/replace`, json({ by })),
  );
  edit('decommission <id>', 'End the life of a device and its credentials.', (id, _more, options) =>
    call(options, 'POST', `${one(id)}/decommission`, json({})),
  );
  gatewayCommand(device, 'remove <id>', 'Take a device out of the registry.')
    .option('--data', 'also its dead letters, counters and windows; records of the log expire')
    .action(async (id: string, options: GatewayOptions & { data?: boolean }) => {
      const removed = await call(options, 'DELETE', `${one(id)}?data=${options.data === true}`);
      print(removed, options, () => `${id} is removed.`);
    });
}

function addBulk(device: Command): void {
  gatewayCommand(device, 'import <csv>', 'Register and change the devices of a CSV file, all or none.')
    .addHelpText(
      'after',
      '\nColumns: id, name, profile, place (a path), tags (with spaces between); only id is needed.',
    )
    .option('--dry-run', 'only say what it would do')
    .action(async (file: string, options: GatewayOptions & { dryRun?: boolean }) => {
      const content = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw new PortcullisError('FILE_UNREADABLE', `The file ${file} cannot be read.`, { cause });
      });
      const path = `${route}/import?dryRun=${options.dryRun === true}`;
      const report = await call<ImportReport>(options, 'POST', path, { type: 'text/csv', content });
      print(report, options, ({ created, updated, unchanged }) =>
        rows([[`${created} new`, `${updated} changed`, `${unchanged} as before`]]),
      );
    });
  withFilter(gatewayCommand(device, 'export', 'Print the devices as CSV that the import takes.')).action(
    async (options: Filter) => {
      const csv = await callForText(options, 'GET', `${route}/export?${(await queryOf(options)).toString()}`);
      print({ csv }, options, () => csv.trimEnd());
    },
  );
}

function withFilter(command: Command): Command {
  return command
    .option('--place <path>', 'only those in a place and everything in it')
    .option('--tag <tag>', 'only those with a tag')
    .option('--life-cycle <state>', 'only those that are SHADOW, ACTIVATED, REJECTED or DECOMMISSIONED');
}

async function queryOf(options: Filter): Promise<URLSearchParams> {
  const { place, tag, lifeCycle } = options;
  const query = new URLSearchParams();
  if (place !== undefined) query.set('place', (await placeAt(options, place)).id);
  if (tag !== undefined) query.set('tag', tag);
  if (lifeCycle !== undefined) query.set('lifeCycle', lifeCycle);
  return query;
}

const lineOf = ({ id, lifeCycle, name, path, refusal }: Device): (string | undefined)[] => [
  id,
  lifeCycle,
  name,
  path,
  ...(refusal === undefined ? [] : [`${refusal.reason} ${refusal.suggestion}`]),
];
