import { PortcullisError } from '../../contracts/errors.ts';
import { allowedTypes, onlyWith } from './allowed-nodes.ts';
import { allowances, type Allowance } from './wire-names.ts';

/** What is no node: pages, frames, and subflows with their instances. */
const structure = new Set(['tab', 'group', 'subflow']);

/**
 * Node-RED starts none of the flows when it does not know the type of one node. So what it does not know is refused
 * before it is kept, with COMMAND_INVALID and a sentence that says how to go on.
 */
export function refuseUnknownTypes(text: string, allow: readonly Allowance[]): void {
  const flows = listIn(text);
  const known = new Set<string>([...allowedTypes(allow), ...structure]);
  const unknown = flows.find(({ type }) => !known.has(type) && !type.startsWith('subflow:'));
  if (unknown === undefined) return;
  const { type } = unknown;
  const kind = allowances.find((one) => Object.values(onlyWith[one]).some((types) => types.includes(type)));
  throw new PortcullisError(
    'COMMAND_INVALID',
    kind === undefined
      ? `A node of the type "${type.slice(0, 64)}" is not part of this gateway; nothing is installed from the network.`
      : `Nodes of the type "${type}" are off. Add "${kind}" to flows.allow in the configuration if this gateway shall have them.`,
  );
}

function listIn(text: string): readonly { readonly type: string }[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    list = undefined;
  }
  if (Array.isArray(list) && list.every(isNode)) return list;
  throw new PortcullisError('COMMAND_INVALID', 'Flows are a JSON list of nodes, each with an id and a type.');
}

function isNode(value: unknown): value is { readonly id: string; readonly type: string } {
  const { id, type } = (value ?? {}) as { readonly id?: unknown; readonly type?: unknown };
  return typeof id === 'string' && typeof type === 'string';
}
