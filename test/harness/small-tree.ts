import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { targets, workplace, type Workplace } from '../../scripts/cross-build/targets.ts';

const root = join(import.meta.dirname, '../..');

/** A tree with the shape of the real one and next to nothing in it. */
export function smallTree(t: TestContext, rest: Partial<Workplace> = {}): Workplace {
  const out = mkdtempSync(join(tmpdir(), 'portcullis-pack-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const target = targets.arm64;
  const place = workplace(out, { target, root, version: '1.2.3', epoch: 1_750_000_000, say: () => undefined, ...rest });
  for (const [file, text] of Object.entries({
    'bin/portcullis': '#!/bin/sh\n',
    'runtime/node': 'elf',
    'app/cli.js': '1',
  })) {
    const path = join(place.tree, file);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text, { mode: file.startsWith('bin') ? 0o755 : 0o600 });
    utimesSync(path, Math.random() * 1e9, Math.random() * 1e9);
  }
  execFileSync('cp', ['-r', join(root, 'systemd'), place.tree]);
  return place;
}
