// The program of Node-RED's process: everything that it knows and keeps, it has from the gateway.
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';
import { editorRoot } from '../wire-names.ts';
import { dialGateway, openGatewayLine, setGateway } from './gateway-line.ts';
import { loadExpress, loadRed } from './red.ts';
import { redSettings } from './settings.ts';
import { startTestClock } from './test-clock.ts';

const [socketPath = ''] = process.argv.slice(2);

/** Node-RED looks for `.js` beside the `.html` of a node; where the program is run from its source, that is `.ts`. */
if (import.meta.filename.endsWith('.ts')) {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(/\/palette\/[a-z-]+\.js$/.test(specifier) ? specifier.replace(/\.js$/, '.ts') : specifier, context),
  });
}

const gateway = await openGatewayLine(socketPath);
setGateway(gateway);
process.env['TZ'] = gateway.plan.timeZone;
const red = loadRed();
const app = loadExpress()();
app.disable('x-powered-by');
/** It never listens: the gateway asks for connections, and they are dialled from here. */
const server = createServer((request, response) => app(request, response));
red.init(server, redSettings(gateway));
app.use(editorRoot, red.httpAdmin);

red.events.on('runtime-event', ({ id, payload }) => {
  const { error, text, types } = payload ?? {};
  if (id !== 'runtime-state' || error === undefined) return;
  const detail = [error, types?.join(', ') ?? text].filter(Boolean).join(': ');
  gateway.say({ is: 'flows', running: false, detail: detail.slice(0, 1_000) });
});
red.events.on('flows:started', () => gateway.say({ is: 'flows', running: true, detail: '' }));

gateway.onTold((told) => {
  if (told.is === 'ping') gateway.say({ is: 'pong' });
  else if (told.is === 'dial') {
    const { page } = told;
    server.emit(
      'connection',
      dialGateway(socketPath, (secret) => ({ is: 'page', secret, page })),
    );
  } else if (told.is === 'reload') void red.nodes.loadFlows(true);
  else if (told.is === 'advance') {
    const { turn, ms } = told;
    void clock?.advance(ms).then(() => gateway.say({ is: 'settled', turn }));
  } else if (told.is === 'stop') void red.stop().finally(() => process.exit(0));
});

await red.start();
// From here on, so that Node-RED itself has started in real time.
const clock = gateway.plan.testFrom === undefined ? undefined : startTestClock(gateway.plan.testFrom, gateway);
gateway.say({ is: 'joined', version: red.version() });
