import assert, { type AssertionError } from 'node:assert/strict';
import type { TestCloud } from '../harness/cloud.ts';
import { assertNothingLost, drained, type Judgement } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { patienceMs, type Board } from './board.ts';

/** Acknowledged while the cloud is there, and once more while it is not. */
const enough = 100;

/** Devices publish without pause until the power goes. Gives back what they were told is safe; the power is off. */
export async function cutUnderLoad(board: Board, cloud: TestCloud, from: number): Promise<ReadonlySet<number>> {
  const publisher = await startPublisher({ port: board.mqttPort, devices: 4, from });
  const acknowledgedMore = async (): Promise<void> => {
    const wanted = publisher.acknowledged.size + enough;
    await waitUntil('enough to be acknowledged', () => publisher.acknowledged.size >= wanted, patienceMs);
  };
  await acknowledgedMore();
  // What the cloud has cannot be lost; of the rest only the card knows.
  await cloud.fault({ kind: 'refuse', forMs: 2 * patienceMs });
  await acknowledgedMore();
  await board.cutPower();
  await publisher.stop();
  await cloud.clearFaults();
  return publisher.acknowledged;
}

/** Asks the board's gateway as its administrator. */
export const asksBoard =
  (board: Board, token: string) =>
  async <Answer>(path: string): Promise<Answer> =>
    (await (await board.fetch(path, { token })).json()) as Answer;

/** Until its power goes: a commit is not on the card when the gateway says so. */
export async function breaksItsPromise({ run }: Board): Promise<void> {
  await run(`folder=/run/systemd/system/portcullis.service.d
mkdir -p $folder
printf '[Service]\\nEnvironment=PORTCULLIS_BREAK=sync-normal\\n' >$folder/break.conf
systemctl daemon-reload
systemctl restart portcullis`);
}

/** The judge of a board that keeps its promise finds this one out. Gives back how many acknowledged messages are lost. */
export async function isFoundOut(
  daemon: Parameters<typeof assertNothingLost>[0],
  cloud: TestCloud,
  acknowledged: ReadonlySet<number>,
): Promise<number> {
  await drained(daemon, patienceMs);
  let lost = 0;
  await assert.rejects(assertNothingLost(daemon, cloud, acknowledged), (error: AssertionError) => {
    lost = (error.actual as Judgement).missing.length;
    return lost > 0;
  });
  return lost;
}
