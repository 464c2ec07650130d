import { withKafka } from '../harness/kafka.ts';
import { kafkaCommands } from './kafka-commands.ts';
import { kafkaCertificate, kafkaDelivery, kafkaUser } from './kafka-delivery.ts';
import { kafkaFence } from './kafka-fence.ts';
import { kafkaGateway } from './kafka-gateway.ts';

const users = [{ name: kafkaUser.username, password: kafkaUser.password }];

await withKafka(
  'Kafka',
  (kafka) => {
    kafkaDelivery(kafka);
    kafkaGateway(kafka);
    kafkaCommands(kafka);
    kafkaFence(kafka);
  },
  { secure: { ...kafkaCertificate, users } },
);
