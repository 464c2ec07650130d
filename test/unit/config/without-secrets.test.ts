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
notify: { channels: { hook: { kind: webhook, url: 'https://user:CANARY@example.com/path?key=CANARY', secretFile: /run/secret } } }`,
        'test',
      ),
    ),
  );
  assert.doesNotMatch(shown, /CANARY|48\.123|11\.654/);
  for (const kept of ['Mill', '/run/secret', 'https://example.com/path', 'vendor'])
    assert.ok(shown.includes(kept), kept);
});
