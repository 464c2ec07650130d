import { withKafka } from '../harness/kafka.ts';
import { kafkaConformance } from './kafka-conformance.ts';
import { kafkaOutages } from './kafka-sink-outages.ts';

await withKafka('Kafka that goes away', (kafka) => {
  kafkaConformance(kafka);
  kafkaOutages(kafka);
});
