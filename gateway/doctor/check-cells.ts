import { cellProgram, findConfinement } from '../cells/confinement.ts';
import { ok, warn, type Finding } from './finding.ts';

const words = {
  network: 'a network of its own, without any address',
  signals: 'process numbers of its own, so that it can signal nobody',
  ipc: 'IPC of its own',
  files: 'a view of the files without the data of the gateway and without the processes of others',
  user: 'a user of its own',
} as const;

/** What the kernel of this host keeps from the process of a vendor's plugin, for the user who runs this check. */
export async function checkCells(find = () => findConfinement([cellProgram])): Promise<Finding[]> {
  const { walls, missing } = await find();
  const has = walls.map((wall) => words[wall]).join('; ');
  const found = [ok('cells', has === '' ? 'a process with limits and without privileges' : has)];
  if (missing.length === 0) return found;
  const mend =
    'Plugins run all the same, held by load hooks, the permission model of Node and limits; records of decisions say so. ' +
    'For namespaces install util-linux, set user.max_user_namespaces above 0, and under systemd let the unit have them: see docs/plugins.md.';
  return [...found, warn('cells', `not here: ${missing.join('; ')}`, mend)];
}
