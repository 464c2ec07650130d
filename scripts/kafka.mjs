// Starts a real Apache Kafka 4 (KRaft) on loopback for development, until Ctrl-C.
import { parseArgs } from 'node:util';
import { findKafka } from '../simulator/kafka/find-kafka.ts';
import { waitForStop } from '../simulator/wait-for-stop.ts';

const help = `npm run kafka [-- OPTIONS]

Starts Apache Kafka in KRaft mode on 127.0.0.1 and stops it with Ctrl-C; nothing it stored stays.
Takes Maven and Java 17 when both are here (the jars are kept in ~/.cache/portcullis), else docker compose,
else it says that the Kafka in KAFKA_BOOTSTRAP is used.

  --port PORT     port of the broker (default 9092)
  --brokers N     1 or 2 brokers; the second one takes a free port
  --cache FOLDER  where the jars are kept
  --help          this text`;

const fail = (sentence, code) => {
  console.error(`kafka: ${sentence}`);
  process.exit(code);
};

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '9092' },
        brokers: { type: 'string', default: '1' },
        cache: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    return fail(`${error.message} Try --help.`, 64);
  }
}

const { port: portText, brokers: brokersText, cache, help: wantsHelp } = options();
if (wantsHelp) {
  console.log(help);
  process.exit(0);
}
const port = Number(portText);
const brokers = Number(brokersText);
if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(`--port ${portText} is not a port.`, 64);
if (brokers !== 1 && brokers !== 2) fail('--brokers is 1 or 2.', 64);

using stop = waitForStop();
try {
  const say = (sentence) => console.log(`kafka: ${sentence}`);
  const found = await findKafka({ port, brokers, cache, say }, process.env.KAFKA_BOOTSTRAP);
  if ('why' in found) fail(`no Kafka can run here: ${found.why}.`, 69);
  await using kafka = found;
  say(`ready at ${kafka.bootstrap.join(',')}; Ctrl-C stops it`);
  await stop.asked;
  say('stopping…');
} catch (error) {
  fail(error.message, 69);
}
