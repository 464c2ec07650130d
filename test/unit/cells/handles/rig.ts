import type { TestContext } from 'node:test';
import { openProcessCell, type ProcessCell } from '../../../../gateway/cells/process-cell.ts';
import type { HandleGrants } from '../../../../gateway/cells/handles/grants.ts';
import type { HandlePorts, PlannedHandles } from '../../../../gateway/cells/handles/handle-broker.ts';
import type { Envelope } from '../../../../contracts/plugin.ts';
import { deps, planOf, source } from '../plugins.ts';
import assert from 'node:assert/strict';

export const nothing: HandleGrants = {
  publish: [],
  subscribe: [],
  outbound: [],
  secrets: [],
  variables: [],
  serial: [],
  gpio: [],
  trust: 'full',
};

export interface Published {
  readonly topic: string;
  readonly text: string;
}

/** Ports that keep what reaches them. */
export function openPorts(more: Partial<HandlePorts> = {}): HandlePorts & {
  readonly ingested: Envelope[];
  readonly published: Published[];
} {
  const ingested: Envelope[] = [];
  const published: Published[] = [];
  return {
    ingested,
    published,
    ingest: (envelope) => {
      ingested.push(envelope);
      return Promise.resolve({ stored: 1, filtered: 0, deadLettered: 0 });
    },
    mqtt: {
      actuationFilters: ['cmnd/#'],
      publish: ({ topic, payload }) => {
        published.push({ topic, text: Buffer.from(payload).toString() });
        return Promise.resolve(1);
      },
      subscribe: () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() }),
    },
    ...more,
  };
}

/** A process of a plugin whose `start` has the given body. */
export async function openStarted(
  t: TestContext,
  start: string,
  {
    grants = {},
    secrets = {},
    variables = {},
  }: Partial<Record<'secrets' | 'variables', Record<string, string>>> & {
    readonly grants?: Partial<HandleGrants>;
  } = {},
): Promise<ProcessCell> {
  const handles: PlannedHandles = {
    grants: { ...nothing, ...grants },
    secrets: new Map(Object.entries(secrets)),
    variables,
  };
  const text = source({ more: `async start(handles, { config, variables, signal }) { ${start} },` });
  const cell = await openProcessCell(await planOf(t, text, { handles, limits: { startupMs: 20_000 } }), deps);
  assert.ok('call' in cell, JSON.stringify(cell));
  t.after(() => cell[Symbol.asyncDispose]());
  return cell;
}
