import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { disk, lamp, openDesk, openRig, type Desk, type Disk } from './twin-fixture.ts';

/** The outside world for so many steps; what waits for a later one waits for ever, as at a power cut. */
function powerFor(steps: number) {
  let left = steps;
  return <Result>(act: () => Promise<Result>): Promise<Result> => {
    left -= 1;
    return left < 0 ? new Promise<Result>(() => undefined) : act();
  };
}

/** The lamp shall be lit, and dimmed, while the power lasts. Nothing here waits for a timer, so one turn is enough. */
async function liveFor(steps: number, over: Disk, desk: Desk): Promise<void> {
  const power = powerFor(steps);
  const rig = await openRig({ ...over, append: (entry) => power(() => over.append(entry)) });
  const lead = await rig.twins.lead({ ...desk, submit: (command) => power(() => desk.submit(command)) });
  void lead.edit({ id: lamp, desired: { 'switch.state': true } }, 'api');
  void lead.edit({ id: lamp, desired: { 'light.brightness': 40 } }, 'api');
  await turn();
}

/** The commands that there are in the end, by the number of steps after which the power went, beside the wishes. */
async function afterPowerCuts(newDesk: () => Desk): Promise<{ kept: number; wishes: number }[]> {
  const seen: { kept: number; wishes: number }[] = [];
  for (let steps = 0; steps < 6; steps++) {
    const [over, desk] = [disk(), newDesk()];
    await (await openRig(over)).says([{ n: 'switch.state', vb: false }]);
    await liveFor(steps, over, desk);
    let wishes = 0;
    for (let start = 0; start < 2; start++) {
      const rig = await openRig(over);
      await using _lead = await rig.twins.lead(desk);
      await turn();
      wishes = Object.keys(rig.twins.show(lamp).delta).length;
    }
    seen.push({ kept: desk.kept.length, wishes });
  }
  return seen;
}

test('wherever the power goes, each wish that is on disk has exactly one command, and no other has one', async () => {
  const seen = await afterPowerCuts(openDesk);
  assert.deepEqual([seen[0]?.wishes, seen.at(-1)?.wishes], [0, 2]);
  for (const { kept, wishes } of seen) assert.equal(kept, wishes);
});

test('a gateway whose commands do not know their ids again is found out', async () => {
  const forgetful = (): Desk => {
    const desk = openDesk();
    return Object.assign(desk, {
      submit: async (command: Desk['kept'][number]) => {
        desk.kept.push(command);
        return { ...command, state: 'accepted' as const };
      },
    });
  };
  assert.ok((await afterPowerCuts(forgetful)).some(({ kept, wishes }) => kept > wishes));
});
