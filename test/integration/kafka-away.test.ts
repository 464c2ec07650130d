import { withOwnKafka } from '../harness/kafka.ts';
import { kafkaConformance } from './kafka-conformance.ts';
import { kafkaOutages } from './kafka-sink-outages.ts';

await withOwnKafka('Kafka that goes away', (kafka) => {
  kafkaConformance(kafka);
  kafkaOutages(kafka);
});
