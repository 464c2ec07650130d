import { lampId } from './lamp.ts';

export const buttonId = 'json:devices/button/state';
export const deskId = 'tasmota:desk';

const on = { id: 'f1', type: 'tab', label: 'palette' };
/** A field that is the id of a node is a reference to Node-RED, so ids look like nothing else. */
const idOf = (id: string): string => `n-${id}`;
const node = (id: string, type: string, wires: readonly (readonly string[])[], more: object = {}) => ({
  id: idOf(id),
  type,
  wires: wires.map((ids) => ids.map(idOf)),
  z: on.id,
  ...more,
});
const raise = (code: string, more: object = {}) =>
  node(code, 'portcullis-alarm-raise', [[]], { code, severity: 'low', subject: 'flow', ...more });

/**
 * All nodes of the palette. A button that is pressed raises `flow.pressed`, which switches the lamp on, as its end switches
 * it off; it sets the twin of the desk's lamp. `flow.done`, `flow.wished`, `flow.twin`, `flow.past` and `flow.ended` have in
 * their detail what the node before them gave. What the button says of `stuck` never returns: within the function's own time
 * it is ended by Node-RED, with `behind a timer` by nobody in Node-RED.
 */
export const paletteFlow: readonly object[] = [
  on,
  node('in', 'portcullis-device-in', [['is']], { devices: buttonId, metrics: 'x.json.pressed' }),
  node('is', 'switch', [['pressed', 'wish', 'twin-get', 'history'], ['over']], {
    property: 'payload',
    propertyType: 'msg',
    rules: [{ t: 'true' }, { t: 'false' }],
    outputs: 2,
  }),
  raise('pressed', { detail: 'Somebody is at the button.' }),
  node('over', 'portcullis-alarm-raise', [[]], { code: 'pressed', subject: 'flow', action: 'clear' }),
  node('begin', 'portcullis-alarm-in', [['on']], { codes: 'flow.pressed', which: 'raised' }),
  node('end', 'portcullis-alarm-in', [['off']], { codes: 'flow.pressed', which: 'cleared' }),
  node('on', 'portcullis-command-out', [['done', 'done'], []], switchOf('{"on":true}')),
  node('off', 'portcullis-command-out', [[], []], switchOf('{"on":false}')),
  raise('done'),
  node('wish', 'portcullis-twin-set', [['wished']], { device: deskId, desired: '{"switch.state":true}' }),
  raise('wished'),
  node('twin-get', 'portcullis-twin-get', [['twin']], { device: lampId }),
  raise('twin'),
  node('history', 'portcullis-history', [['past']], { device: buttonId, metric: 'x.json.pressed', minutes: '60' }),
  raise('past'),
  node('stuck', 'portcullis-device-in', [['wait']], { devices: buttonId, metrics: 'x.json.stuck' }),
  node('wait', 'function', [[]], { func: stuck(), outputs: 1 }),
  node('caught', 'catch', [['ended']], { scope: [idOf('wait')] }),
  raise('ended', { detail: 'A function node was ended.' }),
];

function switchOf(args: string): object {
  return { device: lampId, command: 'switch', args };
}

/** It holds the only thread as an endless loop does, and leaves the processor to the other tests. */
function stuck(): string {
  const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';
  return `if (msg.payload === 'behind a timer') setTimeout(() => ${wait}, 0); else ${wait};`;
}

/** It takes more memory than Node-RED may have, at every start. */
export const hoarder: readonly object[] = [
  on,
  node('start', 'inject', [['hoard']], { once: true, onceDelay: 0.1, props: [] }),
  node('hoard', 'function', [[]], {
    func: "context.set('hoard', Buffer.alloc(200_000_000, 1), 'memory');",
    outputs: 0,
  }),
];
