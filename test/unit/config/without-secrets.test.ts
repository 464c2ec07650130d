import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../gateway/config/parse-config.ts';
import { withoutSecrets } from '../../../gateway/config/without-secrets.ts';

test('a configuration is shown without what is secret, where the house stands, or what plugins are given', () => {
  const shown = JSON.stringify(
    withoutSecrets(
      parseConfig(
        `dataDir: /data
site: { name: Mill, latitude: 48.123456, longitude: 11.654321 }
plugins: { config: { vendor: { token: CANARY } }, variables: { vendor: { X: CANARY } } }
notify: { channels: { chat: { kind: webhook, url: 'https://user:CANARY@hooks.example.com/services/T0/CANARY?key=CANARY', secretFile: /run/secret } } }
traces: { endpoint: 'https://collector.example.com:4318/CANARY' }`,
        'test',
      ),
    ),
  );
  assert.doesNotMatch(shown, /CANARY|48\.123|11\.654/);
  const origins = ['https://hooks.example.com', 'https://collector.example.com:4318'];
  for (const kept of ['Mill', '/run/secret', 'vendor', ...origins]) assert.ok(shown.includes(kept), kept);
});
