import { withKafka } from '../harness/kafka.ts';
import { kafkaConformance } from './kafka-conformance.ts';
import { kafkaCertificate, kafkaDelivery, kafkaUser } from './kafka-delivery.ts';

const users = [{ name: kafkaUser.username, password: kafkaUser.password }];

await withKafka(
  'Kafka',
  (kafka) => {
    kafkaDelivery(kafka);
    kafkaConformance(kafka);
  },
  { secure: { ...kafkaCertificate, users } },
);
