import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { openDispatcher, type Dispatcher } from '../../../gateway/preprocess/dispatcher.ts';
import { waitUntil } from '../../harness/wait-until.ts';

interface Rig {
  readonly dispatcher: Dispatcher;
  /** Sizes of the batches that went to a thread. */
  readonly sizes: number[];
  /** Each from a client of its own, the first from the first. */
  offer(many: number): void;
  /** The oldest batch comes back from its thread. */
  decoded(): Promise<void>;
  /** A commit has answered so many clients, the first among them, and no other is outstanding. */
  committed(answered: number, tookMs?: number): void;
  committingMs: number | undefined;
}

const clients = (many: number): string[] => Array.from({ length: many }, (_, index) => `c${index}`);

function openRig(): Rig {
  const sizes: number[] = [];
  const inThreads: (() => void)[] = [];
  const envelopeOf = (client: string) => ({ payload: Buffer.alloc(1), topic: 't', client });
  const rig = { committingMs: undefined as number | undefined };
  const parts = {
    router: { route: () => ({ plugin: 0, teaches: false }) },
    runner: {
      run: (items: readonly unknown[]) => {
        sizes.push(items.length);
        return new Promise((resolve) => void inThreads.push(() => resolve([])));
      },
    },
    knowledge: { markUnsaved: () => undefined },
    resequencer: { ticket: () => 0, put: () => undefined },
    batch: { envelopes: 256, bytes: 1024 },
    slots: 2,
    committingMs: () => rig.committingMs,
  };
  const dispatcher = openDispatcher(parts as never);
  return Object.assign(rig, {
    dispatcher,
    sizes,
    offer: (many: number) => {
      for (const client of clients(many)) dispatcher.offer({ envelope: envelopeOf(client) } as never);
    },
    committed: (answered: number, tookMs = 2) => {
      rig.committingMs = undefined;
      dispatcher.committed({ answered: clients(answered), tookMs, isQuiet: true });
    },
    decoded: async () => {
      inThreads.shift()?.();
      await turn();
    },
  });
}

const turns = async (): Promise<void> => {
  for (let each = 0; each < 12; each++) await turn();
};

test('what arrives in neighbouring turns of the event loop goes together', async () => {
  const rig = openRig();
  rig.offer(2);
  await turn();
  rig.offer(3);
  await turns();
  assert.deepEqual(rig.sizes, [5]);
});

test('a few envelopes wait until the batch before them is committed, and go together', async () => {
  const rig = openRig();
  rig.offer(1);
  await turns();
  rig.offer(2);
  await turns();
  rig.committingMs = 0;
  await rig.decoded();
  rig.offer(3);
  await turns();
  assert.deepEqual(rig.sizes, [1]);
  rig.committed(1);
  await turns();
  assert.deepEqual(rig.sizes, [1, 5]);
});

test('many envelopes go beside the batch in work', async () => {
  const rig = openRig();
  rig.offer(1);
  await turns();
  rig.offer(64);
  await turns();
  assert.deepEqual(rig.sizes, [1, 64]);
});

test('a commit that takes long holds nothing up', async () => {
  const rig = openRig();
  rig.offer(1);
  await turns();
  rig.committingMs = 0;
  await rig.decoded();
  rig.offer(2);
  await turns();
  assert.deepEqual(rig.sizes, [1], 'while it may soon be over');
  rig.committingMs = 1_000;
  await waitUntil('the batch goes', () => rig.sizes.length === 2);
  await rig.decoded();
  rig.offer(3);
  await turns();
  assert.deepEqual(rig.sizes, [1, 2, 3], 'where it is known to be slow');
});

/** A batch of so many is decoded and committed, while `meanwhile` come. */
async function cycle(rig: Rig, many: number, meanwhile: number): Promise<void> {
  rig.offer(many);
  await waitUntil('the batch is in a thread', () => rig.dispatcher.queued === 0);
  rig.committingMs = 0;
  await rig.decoded();
  rig.offer(meanwhile);
  rig.committed(many);
}

test('a batch waits for those who were just answered', async () => {
  const rig = openRig();
  await cycle(rig, 2, 1);
  await turns();
  assert.deepEqual(rig.sizes, [2]);
  rig.offer(2);
  await turns();
  assert.deepEqual(rig.sizes, [2, 3]);
});

test('a batch goes without those who do not come back, and after a while waits for nobody', async () => {
  const rig = openRig();
  await cycle(rig, 8, 1);
  await waitUntil('the batch goes', () => rig.sizes.length === 2);
  rig.committingMs = 0;
  await rig.decoded();
  rig.committed(1);
  await cycle(rig, 8, 1);
  await turns();
  assert.deepEqual(rig.sizes, [8, 1, 8, 1]);
});

test('who speaks alone is not waited for', async () => {
  const rig = openRig();
  await cycle(rig, 1, 1);
  await turns();
  assert.deepEqual(rig.sizes, [1, 1]);
});

test('where commits take long a few envelopes wait as long for the next one', async () => {
  const rig = openRig();
  await cycle(rig, 1, 0);
  rig.dispatcher.committed({ answered: clients(1), tookMs: 40, isQuiet: false });
  rig.offer(2);
  await waitUntil('the next batch is in a thread', () => rig.dispatcher.queued === 0);
  rig.committingMs = 0;
  await rig.decoded();
  rig.offer(1);
  rig.committingMs = 50;
  await turns();
  assert.deepEqual(rig.sizes, [1, 2], 'the one before took 40 ms');
  rig.committingMs = 61;
  await waitUntil('the batch goes', () => rig.sizes.length === 3);
});

test('a commit that waited for company itself says nothing about the disk', async () => {
  const rig = openRig();
  await cycle(rig, 1, 0);
  rig.dispatcher.committed({ answered: clients(1), tookMs: 1_000, isQuiet: true });
  rig.offer(2);
  await waitUntil('the next batch is in a thread', () => rig.dispatcher.queued === 0);
  rig.committingMs = 0;
  await rig.decoded();
  rig.offer(1);
  rig.committingMs = 31;
  await waitUntil('the batch goes', () => rig.sizes.length === 3);
});
