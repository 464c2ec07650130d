// The program of a process cell. It owns descriptor 3 and nothing else, and runs one plugin behind its fence.
import { stripTypeScriptTypes } from 'node:module';
import { Socket } from 'node:net';
import type { Plugin } from '../../../contracts/plugin.ts';
import { importBoxed } from '../../lib/import-boxed.ts';
import { inspectExports, snapshotGlobals } from '../../lib/inspect-live.ts';
import { fenceModules } from '../../lib/module-fence.ts';
import { lineReader } from '../../lib/lines.ts';
import type { FromCell, LoadOrder, SaidByCell, ToCell } from '../wire.ts';
import { closeEscapes } from './close-escapes.ts';
import { openHandles } from './handles.ts';
import { describePlugin, reasonOf, servePlugin } from './serve.ts';

const { exit } = process as { exit: (this: void, code: number) => never };
const { parse, stringify } = JSON;
const socket = new Socket({ fd: 3, readable: true, writable: true });
const tellGateway = (message: SaidByCell): void => void socket.write(`${stringify(message, finite)}\n`);

/** JSON has no NaN: as a text it is refused by its schema instead of passing for null. */
function finite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

let plugin: Plugin | undefined;
let serve: ReturnType<typeof servePlugin> | undefined;
let config: unknown;
let messageBytes = 0;
const handles = openHandles((id, ask) => {
  const line = stringify({ is: 'ask', id, ask } satisfies SaidByCell);
  // What is too long would end the process: the plugin gets an error instead.
  if (Buffer.byteLength(line) <= messageBytes) socket.write(`${line}\n`);
  else handles.told(id, { is: 'refused', code: 'PC-R209', detail: 'longer than the contract lets a message be' });
});

async function load({ entry, fence }: LoadOrder): Promise<void> {
  // Node takes types out with WebAssembly, which is gone afterwards; a gateway that runs as JavaScript did not need it yet.
  if (/\.m?ts$/.test(entry)) stripTypeScriptTypes('');
  fenceModules([fence]);
  closeEscapes();
  const changes = snapshotGlobals();
  let box: Awaited<ReturnType<typeof importBoxed>>;
  try {
    box = await importBoxed(entry);
  } catch (error) {
    return tellGateway({ is: 'unusable', code: 'PC-R201', detail: reasonOf(error) });
  }
  const { namespace } = box;
  if (Object.hasOwn(namespace, 'then')) {
    return tellGateway({ is: 'unusable', code: 'PC-S105', detail: 'the module exports "then"' });
  }
  const shape = { exports: inspectExports(namespace), changedGlobals: changes() };
  plugin = Object.getOwnPropertyDescriptor(namespace, 'default')?.value as Plugin | undefined;
  tellGateway({ is: 'loaded', shape });
}

function start(given: unknown): void {
  try {
    if (typeof plugin?.decode !== 'function') throw new TypeError('the default export is no plugin');
    const parsed = plugin.config.safeParse(given);
    if (!parsed.success) {
      const why = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
      return tellGateway({ is: 'unusable', code: 'CONFIG_INVALID', detail: why.slice(0, 1_024) });
    }
    config = parsed.data;
    serve = servePlugin(plugin, config);
    tellGateway({ is: 'ready', described: describePlugin(plugin, config) });
  } catch (error) {
    tellGateway({ is: 'unusable', code: 'PC-R201', detail: reasonOf(error) });
  }
}

/** The plugin's own `start`, which may run as long as the process. */
async function begin({ variables, messageBytes: longest }: Extract<ToCell, { is: 'begin' }>): Promise<void> {
  messageBytes = longest;
  try {
    await plugin?.start?.(handles.api, { config, variables, signal: handles.signal });
  } catch {
    tellGateway({ is: 'start-failed' });
  }
}

function take(message: ToCell): void {
  switch (message.is) {
    case 'load':
      return void load(message);
    case 'start':
      return start(message.config);
    case 'begin':
      return void begin(message);
    case 'told':
      return handles.told(message.id, message.told);
    case 'heard':
      return handles.heard(message.stream, message.heard);
    case 'halt':
      return handles.halt();
    case 'call':
      return tellGateway({ is: 'answer', id: message.id, answer: answerTo(message) });
  }
}

function answerTo({ call }: Extract<ToCell, { is: 'call' }>): Extract<FromCell, { is: 'answer' }>['answer'] {
  try {
    return serve?.(call) ?? { is: 'refused', code: 'INTERNAL', detail: 'the plugin is not started' };
  } catch (error) {
    return { is: 'refused', code: 'plugin-threw', detail: reasonOf(error) };
  }
}

const lines = lineReader(Infinity);
socket.on('data', (chunk: Buffer) => {
  for (const line of lines.push(chunk) ?? []) take(parse(line) as ToCell);
});
// The gateway decides when its cells end: a stop of the whole group first lets it finish what it took in.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
// Without its gateway a cell has nothing to live for.
socket.on('close', () => exit(0));
socket.on('error', () => exit(0));
