import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { openCloud, type Cloud, type CloudOptions } from '../../simulator/cloud/cloud.ts';
import type { CloudCommand } from '../../simulator/cloud/commands.ts';
import type { ReceivedRow } from '../../simulator/cloud/received.ts';
import type { Ends } from './ends.ts';

/** A device as the cloud shows it. */
export interface CloudDevice {
  readonly device_id: string;
  readonly third_id: string;
  readonly device_name: string;
  readonly product_id: string;
  readonly gateway_id: string | null;
  readonly online: boolean;
  readonly events: number;
  readonly status: readonly { readonly code: string; readonly value: unknown }[];
}

/** What the cloud does to its callers (simulator/cloud/faults.ts). */
export const cloudFaults: readonly Readonly<Record<string, unknown>>[] = [
  { kind: 'refuse', forMs: 1_500 },
  { kind: '5xx', forMs: 1_500 },
  { kind: '429', count: 20 },
  { kind: 'lost-answer', count: 10 },
  { kind: 'token-expiry', count: 3 },
  { kind: 'half-open', count: 2 },
  { kind: 'slow', count: 5, delayMs: 800 },
];

/** The local cloud of a test, and what the test asks of it over its own mock endpoints. */
export interface TestCloud {
  readonly cloud: Cloud;
  /** The `cloud` part of a gateway's configuration; every record is a report of its own. */
  readonly config: { readonly tuya: Readonly<Record<string, unknown>> };
  readonly fault: (wish: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly clearFaults: () => Promise<void>;
  readonly received: () => Promise<ReceivedRow[]>;
  readonly devices: () => Promise<CloudDevice[]>;
  /** A command as the cloud's app would give it. */
  readonly addCommand: (wish: Readonly<Record<string, unknown>>) => Promise<CloudCommand>;
  readonly commands: () => Promise<CloudCommand[]>;
  /** Anything else of the mock endpoints. */
  readonly mock: (method: string, path: string, body?: unknown) => Promise<unknown>;
}

/** Starts a local cloud that ends with the test. */
export async function startCloud(t: Ends, options: Partial<CloudOptions> = {}): Promise<TestCloud> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'portcullis-cloud-'));
  const cloud = await openCloud({ dataDir, ...options });
  const dispatcher = new Agent({ connect: { ca: cloud.ca } });
  t.after(async () => {
    await dispatcher.destroy();
    await cloud[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${cloud.url}${path}`, {
      method,
      dispatcher,
      signal: AbortSignal.timeout(60_000),
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    cloud,
    config: {
      tuya: {
        endpoint: cloud.url,
        clientId: cloud.clientId,
        secretFile: cloud.secretFile,
        ca: cloud.caFile,
        batch: true,
        longPoll: true,
        callsPerSecond: 5_000,
      },
    },
    fault: async (wish) => void (await ask('POST', '/_mock/faults', wish)),
    clearFaults: async () => void (await ask('DELETE', '/_mock/faults')),
    mock: (method, path, body) => ask(method, `/_mock/${path}`, body),
    addCommand: async (wish) => (await ask('POST', '/_mock/commands', wish)) as CloudCommand,
    commands: async () => (await ask('GET', '/_mock/commands')) as CloudCommand[],
    devices: async () => (await ask('GET', '/_mock/devices')) as CloudDevice[],
    received: async () => {
      const rows: ReceivedRow[] = [];
      for (let cursor: number | null = 0; cursor !== null;) {
        const page = (await ask('GET', `/_mock/received?limit=10000&cursor=${cursor}`)) as {
          rows: ReceivedRow[];
          next: number | null;
        };
        rows.push(...page.rows);
        cursor = page.next;
      }
      return rows;
    },
  };
}
