import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TemplateReport } from '../../contracts/registry-bulk.ts';
import { counted } from '../lib/counted.ts';
import { call, gatewayCommand, json, listed, print, rows, type GatewayOptions } from './call-gateway.ts';
import { listPlaces, placeAt, type Place } from './places.ts';
import { yamlIn } from './yaml-file.ts';

const route = '/api/v1/places';

/** `portcullis place`: buildings, floors, areas and rooms, by their path. Talks to the running gateway. */
export function placeCommand(): Command {
  const place = new Command('place').description('Show and change buildings, floors, areas and rooms.');

  gatewayCommand(place, 'list', 'Show every place.').action(async (options: GatewayOptions) => {
    print(await listPlaces(options), options, (places) => listed(places.map(({ path, kind, id }) => [path, kind, id])));
  });
  gatewayCommand(
    place,
    'add <path>',
    'Add a place and what is missing above it, like Mill/Ground/East/Kitchen.',
  ).action(async (path: string, options: GatewayOptions) => {
    const report = await call<TemplateReport>(options, 'POST', '/api/v1/templates', json(templateOf(path)));
    print(report, options, ({ places }) =>
      places === 0 ? `${path} is there already.` : `${counted(places, 'place')} added.`,
    );
  });
  gatewayCommand(place, 'move <path> <parent>', 'Move a place, with everything in it, into another one.').action(
    async (path: string, parent: string, options: GatewayOptions) => {
      const [{ id }, target] = [await placeAt(options, path), await placeAt(options, parent)];
      tell(await call(options, 'PATCH', `${route}/${id}`, json({ parent: target.id })), options);
    },
  );
  gatewayCommand(place, 'rename <path> <name>', 'Give a place another name.').action(
    async (path: string, name: string, options: GatewayOptions) => {
      const { id } = await placeAt(options, path);
      tell(await call(options, 'PATCH', `${route}/${id}`, json({ name })), options);
    },
  );
  gatewayCommand(place, 'remove <path>', 'Remove an empty place.')
    .option('--cascade', 'also everything in it; its devices move to the place above')
    .action(async (path: string, options: GatewayOptions & { cascade?: boolean }) => {
      const { id } = await placeAt(options, path);
      const removed = await call(options, 'DELETE', `${route}/${id}?cascade=${options.cascade === true}`);
      print(removed, options, () => `${path} is removed.`);
    });
  gatewayCommand(place, 'apply <template>', 'Make the places, groups and devices of a YAML or JSON file.')
    .option('--dry-run', 'only say what it would do')
    .action(async (file: string, options: GatewayOptions & { dryRun?: boolean }) => {
      const body = { ...(await readTemplate(file)), dryRun: options.dryRun === true };
      const report = await call<TemplateReport>(options, 'POST', '/api/v1/templates', json(body));
      print(report, options, ({ places, groups, created, updated }) =>
        rows([
          [
            counted(places, 'place'),
            counted(groups, 'group'),
            `${counted(created, 'device')} new`,
            `${updated} changed`,
          ],
        ]),
      );
    });
  return place;
}

function tell(place: Place, options: GatewayOptions): void {
  print(place, options, ({ path }) => path);
}

/** A path as the template that makes it. */
function templateOf(path: string): object {
  const [building, floor, area, room, ...deeper] = path.split('/');
  if (building === undefined || building === '' || deeper.length > 0) {
    throw new PortcullisError('USAGE', 'A path is made of a building, a floor, an area and a room, or less.');
  }
  const rooms = room === undefined ? [] : [room];
  const areas = area === undefined ? [] : [{ name: area, rooms }];
  return { buildings: [{ name: building, floors: floor === undefined ? [] : [{ name: floor, areas }] }] };
}

async function readTemplate(file: string): Promise<object> {
  const template = await yamlIn(file);
  if (typeof template === 'object' && template !== null) return template;
  throw new PortcullisError('CONFIG_INVALID', `The template ${file} is empty.`);
}
