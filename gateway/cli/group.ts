import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { GroupRecord } from '../../contracts/registry.ts';
import { call, gatewayCommand, json, listed, print, type GatewayOptions } from './call-gateway.ts';
import { listPlaces, placeAt } from './places.ts';

const route = '/api/v1/groups';

/** `portcullis group`: who is responsible for which areas. Talks to the running gateway. */
export function groupCommand(): Command {
  const group = new Command('group').description('Show and change who is responsible for which areas.');

  gatewayCommand(group, 'list', 'Show every group.').action(async (options: GatewayOptions) => {
    const { groups } = await call<{ groups: GroupRecord[] }>(options, 'GET', route);
    const paths = new Map((await listPlaces(options)).map(({ id, path }) => [id, path]));
    print(groups, options, (all) =>
      listed(
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
      const group = { name, members: options.member ?? [], areas: await areasAt(options, options.area ?? []) };
      print(await call<GroupRecord>(options, 'POST', route, json(group)), options, () => `${name} is added.`);
    });
  gatewayCommand(group, 'edit <name>', 'Change a group: what is given takes the place of what was.')
    .option('--name <name>', 'its new name')
    .option('--member <names...>', 'people in it')
    .option('--area <paths...>', 'areas it is responsible for, like Mill/Ground/East')
    .action(async (name: string, options: GatewayOptions & { name?: string; member?: string[]; area?: string[] }) => {
      const { id } = await groupNamed(options, name);
      const edit = {
        ...(options.name && { name: options.name }),
        ...(options.member && { members: options.member }),
        ...(options.area && { areas: await areasAt(options, options.area) }),
      };
      if (Object.keys(edit).length === 0) throw new PortcullisError('USAGE', 'Give --name, --member or --area.');
      const edited = await call<GroupRecord>(options, 'PATCH', `${route}/${id}`, json(edit));
      print(edited, options, () => `${edited.name} is changed.`);
    });
  gatewayCommand(group, 'remove <name>', 'Remove a group.').action(async (name: string, options: GatewayOptions) => {
    const { id } = await groupNamed(options, name);
    print(await call(options, 'DELETE', `${route}/${id}`), options, () => `${name} is removed.`);
  });
  return group;
}

async function areasAt(options: GatewayOptions, paths: readonly string[]): Promise<string[]> {
  const areas: string[] = [];
  for (const path of paths) areas.push((await placeAt(options, path)).id);
  return areas;
}

async function groupNamed(options: GatewayOptions, name: string): Promise<GroupRecord> {
  const { groups } = await call<{ groups: GroupRecord[] }>(options, 'GET', route);
  const found = groups.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new PortcullisError('NOT_FOUND', `There is no group "${name}".`);
}
