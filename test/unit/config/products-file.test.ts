import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readProducts } from '../../../gateway/config/products-file.ts';

function fileOf(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-products-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'products.yaml');
  writeFileSync(file, text);
  return file;
}

test('the example of the documentation is a list of products', async (t) => {
  const page = readFileSync('docs/tuya.md', 'utf8');
  const example = /```yaml\n(# products\.yaml\n[^`]+)```/.exec(page)?.[1] ?? '';
  const products = await readProducts(fileOf(t, example));
  assert.ok(Object.keys(products).length >= 2);
});

for (const [why, text] of [
  ['an unknown key', 'climate: { productId: p, datapoints: {} }'],
  ['no product id', 'climate: { dataPoints: {} }'],
  ['a type that does not exist', 'climate: { productId: p, dataPoints: { t: { type: float } } }'],
  ['no YAML', 'climate: ['],
  ['an alias', 'a: &x { productId: p }\nb: *x'],
] as const) {
  test(`${why} is refused with the name of key and file`, async (t) => {
    const error = {
      code: 'CONFIG_INVALID',
      message: /^cloud\.tuya\.products: .*products\.yaml is not a list of products/,
    };
    await assert.rejects(readProducts(fileOf(t, text)), error);
  });
}
