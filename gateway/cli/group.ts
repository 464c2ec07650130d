import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { GroupRecord } from '../../contracts/registry.ts';
import { call, gatewayCommand, json, print, rows, type GatewayOptions } from './call-gateway.ts';
import { listPlaces, placeAt } from './places.ts';

const route = '/api/v1/groups';

/** `portcullis group`: who is responsible for which areas. Talks to the running gateway. */
export function groupCommand(): Command {
  const group = new Command('group').description('Show and change who is responsible for which areas.');

  gatewayCommand(group, 'list', 'Show every group.').action(async (options: GatewayOptions) => {
    const { groups } = await call<{ groups: GroupRecord[] }>(options, 'GET', route);
    const paths = new Map((await listPlaces(options)).map(({ id, path }) => [id, path]));
    print(groups, options, (all) =>
      rows(
        all.map(({ name, members, areas }) => [
          name,
          members.join(', '),
          areas.map((area) => paths.get(area) ?? area).join(', '),
        ]),
      ),
    );
  });
  gatewayCommand(group, 'add <name>', 'Add a group.')
    .option('--member <names...>', 'people in it')
    .option('--area <paths...>', 'areas it is responsible for, like Mill/Ground/East')
    .action(async (name: string, options: GatewayOptions & { member?: string[]; area?: string[] }) => {
      const areas: string[] = [];
      for (const path of options.area ?? []) areas.push((await placeAt(options, path)).id);
      const added = await call<GroupRecord>(
        options,
        'POST',
        route,
        json({ name, members: options.member ?? [], areas }),
      );
      print(added, options, () => `${name} is added.`);
    });
  gatewayCommand(group, 'remove <name>', 'Remove a group.').action(async (name: string, options: GatewayOptions) => {
    const { groups } = await call<{ groups: GroupRecord[] }>(options, 'GET', route);
    const found = groups.find((one) => one.name === name);
    if (found === undefined) throw new PortcullisError('NOT_FOUND', `There is no group "${name}".`);
    print(await call(options, 'DELETE', `${route}/${found.id}`), options, () => `${name} is removed.`);
  });
  return group;
}
