import type { CommandStatus } from '../../contracts/command.ts';
import type { Measurement } from '../../contracts/message.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { refuseUnknownTypes } from './refuse-types.ts';
import { isWanted, mayBeWanted } from './device-filter.ts';
import type { FlowStore } from './flow-store.ts';
import type { FlowPorts } from './ports.ts';
import type { AskInput, AskName, AskResult, DeviceFilter, ToRuntime } from './wire.ts';
import type { Allowance } from './wire-names.ts';

/** Answers what one life of Node-RED asks, and tells it what its nodes listen to. */
export interface Desk extends Disposable {
  answer(ask: AskName, input: unknown): Promise<unknown>;
}

export interface DeskDeps extends FlowPorts {
  readonly files: FlowStore;
  readonly allow: readonly Allowance[];
  offer(message: ToRuntime): void;
  onQuarantine(scope: string, why: string): void;
  onSkipped(generations: readonly number[]): void;
}

/** Nodes that listen, of each kind. */
const maxListeners = 500;
/** Commands whose end a flow still waits for; the end of a further one is only in the log. */
const maxAwaited = 1_000;

type Handlers = { readonly [Name in AskName]: (input: AskInput<Name>) => Promise<AskResult<Name>> };

export function openDesk(deps: DeskDeps): Desk {
  const { files, commands, twins, alarms, history } = deps;
  const stored = listenToStored(deps);
  const done = (work: Promise<unknown>): Promise<null> => work.then(() => null);

  const handlers: Handlers = {
    'flows.read': async () => {
      const { skipped, ...latest } = await files.read();
      if (skipped.length > 0) deps.onSkipped(skipped);
      return latest;
    },
    'flows.write': async ({ flows, credentials, by }) => {
      refuseUnknownTypes(flows, deps.allow);
      return done(files.write(flows, by ?? 'the editor', credentials));
    },
    'document.read': async ({ name }) => ({ text: await files.document(name) }),
    'document.write': ({ name, text }) => done(files.putDocument(name, text)),
    'library.list': async ({ type }) => ({ entries: await files.library(type) }),
    'library.write': (entry) => done(files.putLibrary(entry)),
    'context.read': async () => ({ scopes: await files.contexts() }),
    'context.write': ({ scope, text }) => done(files.putContext(scope, text)),
    'context.drop': ({ scopes }) => done(files.dropContexts(scopes)),
    'context.quarantine': async ({ scope, why }) => {
      await files.quarantine(scope, why);
      deps.onQuarantine(scope, why);
      return null;
    },
    'device.listen': ({ node, filter }) => stored.addDevices(node, filter),
    'device.unlisten': ({ node }) => stored.removeDevices(node),
    'command.submit': async (wish) => {
      stored.await(wish);
      const status = await commands.submit({ ...wish, source: 'flows' }).catch((error: unknown) => {
        stored.forget(wish.id);
        throw error;
      });
      // The end of a command that came before, with the same id, is told by nobody else.
      if (isEnd(status)) deps.offer({ is: 'ended', command: status });
      return status;
    },
    'history.query': (query) => history.query(query),
    'twin.get': async ({ device }) => twins.show(device),
    'twin.set': (edit) => twins.edit(edit, 'flows'),
    'alarm.raise': (alarm) => done(alarms.raise(ofFlows(alarm))),
    'alarm.clear': (alarm) => done(alarms.clear(ofFlows(alarm))),
    'alarm.listen': ({ node }) => stored.addAlarms(node),
    'alarm.unlisten': ({ node }) => stored.removeAlarms(node),
  };
  return {
    answer: (ask, input) => (handlers[ask] as (input: unknown) => Promise<unknown>)(input),
    [Symbol.dispose]() {
      stored[Symbol.dispose]();
    },
  };
}

/** Flows have codes of their own: none can clear what the gateway or a rule has raised. */
function ofFlows<One extends { readonly code: string; readonly by: string }>(alarm: One): One {
  return { ...alarm, code: `flow.${alarm.code}`, by: `flow:${alarm.by}` };
}

const isEnd = ({ state }: CommandStatus): boolean => state === 'acked' || state === 'failed' || state === 'expired';

/** One seat at the live view for all nodes, taken while at least one listens or a command is awaited. */
function listenToStored({ live, offer }: Pick<DeskDeps, 'live' | 'offer'>) {
  const filters = new Map<string, DeviceFilter>();
  const alarmNodes = new Set<string>();
  const awaited = new Set<string>();
  let seat: Disposable | undefined;

  const take = (measurement: Measurement): void => {
    const { result, alarm, dev } = measurement;
    if (result !== undefined && awaited.has(result.command)) {
      const { command: id, ...rest } = result;
      offer({ is: 'ended', command: { ...rest, id, device: dev.id } });
      forget(id);
    }
    if (alarm !== undefined && alarmNodes.size > 0) offer({ is: 'alarm', nodes: [...alarmNodes], alarm });
    const nodes = [...filters].filter(([, filter]) => isWanted(filter, measurement)).map(([node]) => node);
    if (nodes.length > 0) offer({ is: 'measurement', nodes, measurement });
  };
  const wants = ({ device, text }: { readonly device: string; readonly text: string }): boolean => {
    for (const filter of filters.values()) if (mayBeWanted(filter, device)) return true;
    return (awaited.size > 0 && text.includes('"result"')) || (alarmNodes.size > 0 && text.includes('"alarm"'));
  };
  const settle = async (): Promise<null> => {
    if (filters.size + alarmNodes.size + awaited.size === 0) {
      seat?.[Symbol.dispose]();
      seat = undefined;
    } else seat ??= live.subscribe({ name: 'flows', wants, take });
    return null;
  };
  const forget = (id: string): void => {
    awaited.delete(id);
    void settle();
  };
  return {
    async addDevices(node: string, filter: DeviceFilter): Promise<null> {
      refuseAbove(filters.size);
      filters.set(node, filter);
      return settle();
    },
    removeDevices(node: string): Promise<null> {
      filters.delete(node);
      return settle();
    },
    async addAlarms(node: string): Promise<null> {
      refuseAbove(alarmNodes.size);
      alarmNodes.add(node);
      return settle();
    },
    removeAlarms(node: string): Promise<null> {
      alarmNodes.delete(node);
      return settle();
    },
    await({ id }: { readonly id: string }): void {
      if (awaited.size >= maxAwaited) awaited.delete(awaited.keys().next().value ?? '');
      awaited.add(id);
      void settle();
    },
    forget,
    [Symbol.dispose]: () => seat?.[Symbol.dispose](),
  };
}

function refuseAbove(size: number): void {
  if (size < maxListeners) return;
  throw new PortcullisError('OVERLOADED', `No more than ${maxListeners} nodes may listen. Use one and a switch node.`);
}
