import type { TableSet } from '../contracts/table-set.ts';
import { accessTables } from './access/tables.ts';
import { apiTables } from './api/tables.ts';
import { commandTables } from './commands/tables.ts';
import { kafkaTables } from './delivery/kafka/tables.ts';
import { tuyaTables } from './delivery/tuya/tables.ts';
import { notifyTables } from './notify/tables.ts';
import { lifeSignTables } from './observability/life-sign.ts';
import { ruleTables } from './rules/tables.ts';
import { trafficTables } from './preflight/traffic-tables.ts';
import { ingestTables } from './preprocess/ingest-tables.ts';
import { registryTables } from './registry/tables.ts';
import { gpioTables } from './transports/gpio/tables.ts';
import { mqttTables } from './transports/mqtt/tables.ts';
import { twinTables } from './twin/tables.ts';
import { alarmTables } from './alarms/tables.ts';
import { flowsTables } from './flows/tables.ts';
import { historyTables } from './history/tables.ts';

/** Of every stage that keeps something. */
export const allTables: readonly TableSet[] = [
  mqttTables,
  ingestTables,
  tuyaTables,
  kafkaTables,
  trafficTables,
  lifeSignTables,
  registryTables,
  commandTables,
  twinTables,
  gpioTables,
  ruleTables,
  alarmTables,
  notifyTables,
  historyTables,
  flowsTables,
  accessTables,
  apiTables,
];
