// A stand-in for the daemon: a broker without durability and the few HTTP answers that the demo reads.
import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { parse } from 'yaml';

const configFile = process.argv.at(-1) ?? '';
const config = parse(readFileSync(configFile, 'utf8')) as { mqtt: { port: number }; http: { port: number } };
let count = 0;
const aedes = await Aedes.createBroker();
aedes.on('publish', (_, client) => {
  if (client) count++;
});
const ledger = (): object => {
  const sink = { sink: 'tuya', accepted: count, delivered: count, buffered: 0, deadLettered: 0, balanced: true };
  return { balanced: true, sinks: [sink], devices: [], reasons: [], outages: [] };
};
const answers: Record<string, () => string> = {
  '/readyz': () => 'ok',
  '/api/v1/ledger': () => JSON.stringify(ledger()),
  '/api/v1/devices?limit=1': () => JSON.stringify({ total: aedes.connectedClients, next: null, devices: [] }),
  '/api/v1/devices?limit=1&lifeCycle=ACTIVATED': () => JSON.stringify({ total: 0, next: null, devices: [] }),
  '/metrics': () => `portcullis_ingested_records_total{outcome="stored"} ${count}\n`,
};
const http = createHttp((request, response) => {
  const answer = answers[request.url ?? ''];
  response.writeHead(answer ? 200 : 404).end(answer?.());
});
const broker = createServer(aedes.handle).listen(config.mqtt.port, '127.0.0.1');
http.listen(config.http.port, '127.0.0.1');
process.on('SIGTERM', () => {
  broker.close();
  http.close();
  http.closeAllConnections();
  aedes.close();
});
