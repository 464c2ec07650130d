import { PortcullisError } from '../../contracts/errors.ts';
import type { GroupEdit, GroupRecord, NewGroup, Removal } from '../../contracts/registry.ts';
import { found, roomIn, type Book, type Bounds } from './book.ts';
import { newId } from './places.ts';

export function addGroup(draft: Book, { name, members, areas }: NewGroup, bounds: Bounds): GroupRecord {
  roomIn(draft.groups, bounds.maxGroups, 'groups');
  mayBeCalled(draft, name);
  mustBeAreas(draft, areas);
  return draft.groups.put({ id: newId(), name, members: [...new Set(members)], areas: [...new Set(areas)] });
}

export function editGroup(draft: Book, { id, version, name, members, areas }: GroupEdit): GroupRecord {
  const before = found(draft.groups, 'group', { id, version });
  if (name !== undefined && name !== before.name) mayBeCalled(draft, name);
  if (areas !== undefined) mustBeAreas(draft, areas);
  return draft.groups.put({
    ...before,
    name: name ?? before.name,
    members: members === undefined ? before.members : [...new Set(members)],
    areas: areas === undefined ? before.areas : [...new Set(areas)],
  });
}

export function removeGroup(draft: Book, wanted: Removal): GroupRecord {
  const group = found(draft.groups, 'group', wanted);
  draft.groups.delete(group.id);
  return group;
}

function mayBeCalled(draft: Book, name: string): void {
  for (const group of draft.groups.values()) {
    if (group.name === name) throw new PortcullisError('CONFLICT', `There is a group "${name}" already.`);
  }
}

function mustBeAreas(draft: Book, areas: readonly string[]): void {
  for (const id of areas) {
    const { kind, name } = found(draft.places, 'place', { id });
    if (kind === 'area') continue;
    throw new PortcullisError('COMMAND_INVALID', `A group is responsible for areas, and "${name}" is a ${kind}.`);
  }
}
