interface Ends {
  readonly brokerPort: number;
  readonly thingsboardPort: number;
  /** The folder of its SQLite files. */
  readonly storage: string;
}

/**
 * Its files by name: what it ships, with SQLite as storage, statistics of its own off, a session at the broker that lasts, and
 * one mapping that takes each payload whole.
 */
export const settingsOf = ({ brokerPort, thingsboardPort, storage }: Ends): Readonly<Record<string, unknown>> => ({
  'tb_gateway.json': {
    thingsboard: {
      host: '127.0.0.1',
      port: thingsboardPort,
      remoteShell: false,
      remoteConfiguration: false,
      statistics: { enable: false },
      deviceFiltering: { enable: false },
      checkingDeviceActivity: { checkDeviceInactivity: false },
      minPackSendDelayMS: 50,
      minPackSizeToSend: 500,
      maxPayloadSizeBytes: 65_536,
      checkConnectorsConfigurationInSeconds: 60,
      reportStrategy: { type: 'ON_RECEIVED' },
      security: { type: 'accessToken', accessToken: 'bench' },
      qos: 1,
    },
    storage: {
      type: 'sqlite',
      data_file_path: `${storage}/`,
      max_read_records_count: 1000,
      writing_batch_size: 1000,
      messages_ttl_in_days: 7,
    },
    grpc: { enabled: false },
    connectors: [{ type: 'mqtt', name: 'broker', configuration: 'mqtt.json' }],
  },
  'mqtt.json': {
    name: 'broker',
    broker: {
      host: '127.0.0.1',
      port: brokerPort,
      clientId: 'thingsboard-gateway',
      version: 4,
      cleanSession: false,
      maxMessageNumberPerWorker: 10,
      maxNumberOfWorkers: 100,
      security: { type: 'anonymous' },
    },
    mapping: [
      {
        topicFilter: '+/+/state',
        subscriptionQos: 1,
        converter: {
          type: 'json',
          deviceInfo: {
            deviceNameExpressionSource: 'topic',
            deviceNameExpression: '(?<=/)(.*?)(?=/state)',
            deviceProfileExpressionSource: 'constant',
            deviceProfileExpression: 'default',
          },
          timeout: 60_000,
          attributes: [],
          timeseries: [
            { type: 'integer', key: 'n', value: '${n}' },
            { type: 'double', key: 'temperature', value: '${temperature}' },
            { type: 'string', key: 'note', value: '${note}' },
          ],
        },
      },
    ],
    requestsMapping: {},
  },
});
