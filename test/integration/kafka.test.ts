import { withKafka } from '../harness/kafka.ts';
import { kafkaConformance } from './kafka-conformance.ts';
import { kafkaCertificate, kafkaDelivery, kafkaUser } from './kafka-delivery.ts';
import { kafkaOutages } from './kafka-outages.ts';

const users = [{ name: kafkaUser.username, password: kafkaUser.password }];

await withKafka(
  'Kafka',
  (kafka) => {
    kafkaDelivery(kafka);
    kafkaConformance(kafka);
    kafkaOutages(kafka);
  },
  { secure: { ...kafkaCertificate, users } },
);
