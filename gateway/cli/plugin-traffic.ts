import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { SourceTree } from '../admission/types.ts';
import { inspectBuffer } from '../buffer/inspect.ts';
import { databaseName } from '../buffer/options.ts';
import { lastDay } from '../preflight/packed-samples.ts';
import { trafficTables } from '../preflight/traffic-tables.ts';
import { ingestTables } from '../preprocess/ingest-tables.ts';

/** What the site's gateway has recorded; empty where it never ran. */
export interface SiteTraffic {
  readonly samples: readonly Envelope[];
  /** Periods that could not be read. */
  readonly damaged: number;
  /** JSON texts that a plugin's versions have learnt, by key. */
  knowledge(plugin: string): ReadonlyMap<string, string>;
}

/** Reads beside a running gateway: nothing is written and no lock is taken. */
export function readSiteTraffic(dataDir: string): SiteTraffic {
  if (!existsSync(join(dataDir, databaseName))) return { samples: [], damaged: 0, knowledge: () => new Map() };
  using buffer = inspectBuffer(dataDir);
  const periods = buffer.rows(trafficTables, 'all').flatMap(({ samples }) => (isBytes(samples) ? [samples] : []));
  const lessons = buffer.rows(ingestTables, 'knowledge');
  return {
    ...lastDay(periods),
    knowledge: (plugin) =>
      new Map(lessons.filter((row) => row['plugin'] === plugin).map(({ key, json }) => [String(key), String(json)])),
  };
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

const fixture = z.looseObject({
  topic: z.string().min(1).max(65_535),
  payload: z.unknown(),
  retain: z.boolean().default(false),
});

/**
 * The messages that a package brings as `fixtures/*.jsonl`: one JSON object per line, with `topic`, `payload` (a text,
 * or a value whose JSON is the payload) and `retain`. Throws CONFIG_INVALID with file and line.
 */
export function fixturesOf(tree: SourceTree): readonly Envelope[] {
  const files = [...tree.files].filter(([path]) => /^fixtures\/[^/]+\.jsonl$/.test(path));
  return files.flatMap(([path, bytes]) =>
    new TextDecoder()
      .decode(bytes)
      .split('\n')
      .flatMap((line, index) => (line.trim() === '' ? [] : [envelopeOf(line, `${path}:${index + 1}`)])),
  );
}

function envelopeOf(line: string, place: string): Envelope {
  try {
    const { topic, payload, retain } = fixture.parse(JSON.parse(line));
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload ?? '');
    const bytes = new Uint8Array(Buffer.from(text));
    return { transport: 'mqtt', client: 'fixture', topic, payload: bytes, retain, receivedAt: 0 };
  } catch (cause) {
    throw new PortcullisError('CONFIG_INVALID', `${place} is no fixture: a line is {"topic": …, "payload": …}.`, {
      cause,
    });
  }
}
