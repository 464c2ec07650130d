import type { FollowerMoment, FollowerPort } from '../../contracts/log-follower.ts';
import { dropped, type Marks } from './marks.ts';
import { tiers, tierShares, type HistoryOptions, type Tier } from './options.ts';

const blocksPerStep = 100;

/** What became of a look at what is too old or too much; a shard that is not rolled up yet has to be before it goes. */
export type Retained =
  | { readonly is: 'well' }
  | { readonly is: 'dropped' }
  | { readonly is: 'not-rolled-up'; readonly tier: 0 | 1; readonly shard: number };

/** Drops the oldest blocks of the first tier that is too old or too large, some at a time. */
export function dropOld(
  port: FollowerPort,
  marks: Marks,
  options: HistoryOptions,
  { upMs, wallMs }: FollowerMoment,
): Retained {
  const sizes = new Map(port.all('history.sizes', []).map(({ tier, bytes }) => [Number(tier), Number(bytes)]));
  for (const tier of tiers) {
    const done = dropOf(tier, sizes.get(tier) ?? 0);
    if (done.is !== 'well') return done;
  }
  return { is: 'well' };

  function dropOf(tier: Tier, bytes: number): Retained {
    let left = bytes;
    // One of a time to come was set while the clock was ahead, and says nothing.
    let upTo = marks.dropped(tier) > wallMs ? -1 : marks.dropped(tier);
    const gone: number[] = [];
    for (const row of port.all('history.oldest', [tier, blocksPerStep])) {
      const isOver = left > options.maxBytes * tierShares[tier] || upMs - Number(row['up_ms']) > options.keepMs[tier];
      if (!isOver) break;
      const [id, shard] = [Number(row['id']), Number(row['shard'])];
      if (tier < 2 && id > marks.rolledUp(tier, shard)) {
        if (gone.length === 0) return { is: 'not-rolled-up', tier: tier === 0 ? 0 : 1, shard };
        break;
      }
      left -= Number(row['bytes']);
      // A sample of a time to come, told by a wrong clock, must not stand for all that is told until then.
      const writtenAt = wallMs - (upMs - Number(row['up_ms']));
      upTo = Math.max(upTo, Math.min(Number(row['to_ms']), Math.floor(writtenAt)));
      gone.push(id);
    }
    if (gone.length === 0) return { is: 'well' };
    port.transaction(() => {
      for (const id of gone) port.run('history.dropBlock', [id]);
      marks.set(dropped(tier), upTo);
    });
    return { is: 'dropped' };
  }
}
