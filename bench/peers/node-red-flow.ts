/** Messages that one request carries. */
const perRequest = 500;

interface Ends {
  readonly brokerPort: number;
  readonly url: string;
  readonly caFile: string;
}

/**
 * The gateway's job as a careful author of flows does it: MQTT in with a session that lasts, each message converted and
 * committed to SQLite before the node is done, and what is there sent in batches and deleted after the answer.
 */
export const gatewayFlow = ({ brokerPort, url, caFile }: Ends): readonly object[] => [
  { id: 'tab', type: 'tab', label: 'gateway' },
  {
    id: 'broker',
    type: 'mqtt-broker',
    broker: '127.0.0.1',
    port: String(brokerPort),
    clientid: 'node-red',
    cleansession: false,
    autoConnect: true,
    protocolVersion: '4',
    keepalive: '60',
  },
  { id: 'tls', type: 'tls-config', ca: caFile, verifyservercert: true },
  { id: 'in', z: 'tab', type: 'mqtt in', topic: '#', qos: '1', datatype: 'utf8', broker: 'broker', wires: [['keep']] },
  node(
    'keep',
    "global.get('store').keep(JSON.stringify({ device: msg.topic, ts: Date.now(), values: JSON.parse(msg.payload) }));",
    [],
  ),
  { id: 'tick', z: 'tab', type: 'inject', props: [], repeat: '0.2', once: true, onceDelay: 0.1, wires: [['take']] },
  node(
    'take',
    `if (flow.get('busy')) return null;
    const rows = global.get('store').take(${perRequest});
    if (rows.length === 0) return null;
    flow.set('busy', true);
    return { last: rows.at(-1).id, payload: '[' + rows.map(({ message }) => message).join(',') + ']', headers: { 'content-type': 'application/json' } };`,
    ['send'],
  ),
  {
    id: 'send',
    z: 'tab',
    type: 'http request',
    method: 'POST',
    ret: 'txt',
    url,
    tls: 'tls',
    persist: true,
    wires: [['sent']],
  },
  node(
    'sent',
    `flow.set('busy', false);
    if (msg.statusCode !== 200) return null;
    global.get('store').drop(msg.last);
    return {};`,
    ['take'],
  ),
];

const node = (id: string, func: string, to: readonly string[]): object => ({
  id,
  z: 'tab',
  type: 'function',
  func,
  outputs: to.length,
  wires: to.map((each) => [each]),
});

interface Files {
  readonly port: number;
  readonly userDir: string;
  readonly database: string;
  readonly sqliteModule: string;
}

/** The text of Node-RED's settings.js: a store for functions, each statement a transaction with `synchronous=FULL`. */
export const settingsText = ({ port, userDir, database, sqliteModule }: Files): string => `
const db = require(${JSON.stringify(sqliteModule)})(${JSON.stringify(database)});
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL)');
const keep = db.prepare('INSERT INTO kept (message) VALUES (?)');
const take = db.prepare('SELECT id, message FROM kept ORDER BY id LIMIT ?');
const drop = db.prepare('DELETE FROM kept WHERE id <= ?');
module.exports = {
  uiPort: ${port},
  uiHost: '127.0.0.1',
  userDir: ${JSON.stringify(userDir)},
  flowFile: 'flows.json',
  disableEditor: true,
  functionGlobalContext: {
    store: { keep: (message) => keep.run(message), take: (count) => take.all(count), drop: (last) => drop.run(last) },
  },
  logging: { console: { level: 'info' } },
};
`;
