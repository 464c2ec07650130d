import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../gateway/config/parse-config.ts';

const refuses = (text: string, ...sentences: RegExp[]): void => {
  assert.throws(
    () => parseConfig(text, 'site.yaml'),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CONFIG_INVALID');
      for (const sentence of sentences) assert.match(error.message, sentence);
      return true;
    },
  );
};

test('only the data folder must be said; everything listens on loopback and nobody is anonymous', () => {
  const config = parseConfig('dataDir: /var/lib/portcullis', 'site.yaml');
  assert.equal(config.mqtt.host, '127.0.0.1');
  assert.equal(config.mqtt.port, 1883);
  assert.equal(config.mqtt.anonymous, false);
  assert.equal(config.http.port, 8080);
});

test('an unknown key is named with its path and the nearest known one', () => {
  refuses('dataDir: x\nmqtt: { prot: 1 }', /mqtt\.prot: unknown key; did you mean "port"\?/);
  refuses('dataDir: x\ncloud: { tuya: { endpont: "https://x", clientId: a, secretFile: b } }', /cloud\.tuya\.endpont/);
});

test('a profile of the site has filters that a broker understands, none of its own topics, and a name that no shipped one has', () => {
  const weather = 'weather: { plugin: acme, publish: ["weather/%c/#"], subscribe: [weather/all] }';
  const { mqtt } = parseConfig(`dataDir: x\nmqtt: { profiles: { ${weather} } }`, 'site.yaml');
  assert.deepEqual(mqtt.profiles, {
    weather: { plugin: 'acme', publish: ['weather/%c/#'], subscribe: ['weather/all'], retain: true },
  });
  const refusesFilter = (filter: string, sentence: RegExp): void =>
    refuses(`dataDir: x\nmqtt: { profiles: { weather: { publish: ["${filter}"] } } }`, sentence);
  for (const filter of ['', 'a/#/b', 'a+/b', 'a/b#']) refusesFilter(filter, /publish.*must be an MQTT topic filter/);
  for (const filter of ['$SYS/#', '$share/g/a']) refusesFilter(filter, /must not begin with \$/);
  refuses('dataDir: x\nmqtt: { profiles: { tasmota: {} } }', /mqtt\.profiles.*is the name of a shipped profile/);
  refuses('dataDir: x\nmqtt: { profiles: { Weather: {} } }', /must be a name of lower-case letters/);
});

test('all problems are reported at once', () => {
  refuses('mqtt: { port: 99999 }\nhttp: { port: no }', /dataDir/, /mqtt\.port/, /http\.port/);
});

test('what is missing, empty or of another kind is told without the names of types', () => {
  refuses('', /the file: is empty; it must be keys with their values$/);
  refuses('http: {}', /dataDir: is missing; it must be a text$/);
  refuses('dataDir: [x]\nhttp:\nmqtt: { port: 1.5, anonymous: 7 }', /dataDir: must be a text\n/, /http: is empty; /);
  refuses(
    'dataDir: x\nmqtt: { port: 1.5, anonymous: 7 }',
    /mqtt\.port: .*whole/,
    /mqtt\.anonymous: must be true or false/,
  );
  refuses('dataDir: x\ngateway: GW_1', /gateway: must be a name of lower-case letters, digits and dashes$/);
});

test('a duplicate key is an error with its line', () => {
  refuses('dataDir: x\ndataDir: y', /line 2/);
});

test('an alias bomb, a tag and a file that is no mapping are refused', () => {
  refuses('a: &a [x]\nb: [*a, *a]\ndataDir: x');
  refuses('dataDir: !!js/function "x"');
  refuses('- dataDir');
  refuses('');
});

test('a key that is a list is an unknown key, and is told nowhere else', (t) => {
  const warn = t.mock.method(process, 'emitWarning');
  refuses('dataDir: x\n[secret]: 1', /unknown key/);
  assert.deepEqual(warn.mock.calls, []);
});

test('a cloud without TLS is refused', () => {
  refuses('dataDir: x\ncloud: { tuya: { endpoint: "http://c", clientId: a, secretFile: b } }', /https/);
});

test('what contradicts itself is refused with a sentence', () => {
  const kafka = (more: string): string => `dataDir: x\nkafka: { ${more} }`;
  for (const port of [0, 99_999])
    refuses(kafka(`brokers: ["k:${port}"]`), /kafka\.brokers\.0: must have a port from 1 to 65535/);
  const twice = /kafka\.topics: has one name twice/;
  refuses(kafka('brokers: ["k:9092"], topics: { commands: a, deadLetters: a }'), twice);
  refuses(kafka('brokers: ["k:9092"], topics: { commands: portcullis.dead-letters }'), twice);
  const off = parseConfig(kafka('brokers: ["k:65535"], topics: { metrics: null, changes: null }'), 'site.yaml');
  assert.equal(off.kafka?.topics.changes, null);

  const influx = (more: string): string => `dataDir: x\ninflux: { url: "https://i.example", ${more} }`;
  refuses(influx('database: d, organization: o, tokenFile: f'), /influx: has organization and tokenFile beside bucket/);
  const bucket = 'bucket: b, organization: o, tokenFile: f';
  refuses(influx(`${bucket}, username: u, passwordFile: f`), /influx: has username.*beside database only/);
  refuses(influx(`${bucket}, retentionPolicy: r`), /influx: has username.*beside database only/);
  parseConfig(influx(bucket), 'site.yaml');
  parseConfig(influx('database: d, username: u, passwordFile: f, retentionPolicy: r'), 'site.yaml');

  const tuya = (endpoint: string, more = ''): string =>
    `dataDir: x\ncloud: { tuya: { endpoint: "${endpoint}", clientId: c, secretFile: s${more} } }`;
  for (const rest of ['/api/v2', '/?x', '?x', '/#x'])
    refuses(tuya(`https://t.example${rest}`), /cloud\.tuya\.endpoint: is host and port only/);
  refuses(tuya('https://u:p@t.example'), /cloud\.tuya\.endpoint/);
  for (const whole of ['https://t.example', 'https://T.example:8443/']) parseConfig(tuya(whole), 'site.yaml');
  const dataPoints = (min: number, max: number): string =>
    `, dataPoints: { heat: { type: value, min: ${min}, max: ${max} } }`;
  refuses(tuya('https://t.example', dataPoints(10, 5)), /cloud\.tuya\.dataPoints\.heat: has a min above its max/);
  parseConfig(tuya('https://t.example', dataPoints(5, 5)), 'site.yaml');
});

test('a password or token goes over https or to this machine, whatever a name begins with, and is in no address', () => {
  const influx = (url: string): string =>
    `dataDir: d\ninflux: { url: "${url}", database: x, username: u, passwordFile: p }`;
  const traces = (url: string): string =>
    `dataDir: d\ntraces: { endpoint: "${url}", headerFiles: { authorization: f } }`;
  for (const configOf of [influx, traces]) {
    for (const host of ['127.0.0.1.evil.example', '127.evil.example', 'localhost.evil.example:8086', 'far.example'])
      refuses(configOf(`http://${host}`), /needs https, or an address of this machine/);
    for (const address of ['far.example/?p=secret', 'me@far.example', ':secret@far.example'])
      refuses(configOf(`https://${address}`), /must have no .*user name, password or query in it/);
    for (const url of ['https://far.example', 'http://127.0.0.1:8086', 'http://localhost', 'http://[::1]:8086'])
      assert.equal(parseConfig(configOf(url), 'site.yaml').dataDir, 'd');
  }
});
