import type { Write } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Feed } from '../feed.ts';
import { placeOf } from './find-line.ts';
import type { GpioLineOptions } from './options.ts';

/** What a line tells the plugins. False: there is no room for it. */
export type Speak = (
  what: { readonly level: 0 | 1 } | { readonly count: number; readonly since: number } | 'online' | 'offline',
  alongside?: readonly Write[],
) => boolean;

/**
 * Messages of one line: its level or its count as JSON under the topic `gpio/<name>`, whether it is there under
 * `gpio/<name>/availability`.
 */
export function speakFor({ name, place }: GpioLineOptions, { feed, clock }: { feed: Feed; clock: Clock }): Speak {
  const client = placeOf(place);
  return (what, alongside) => {
    const isWord = typeof what === 'string';
    const topic = isWord ? `gpio/${name}/availability` : `gpio/${name}`;
    const payload = Buffer.from(isWord ? what : JSON.stringify(what));
    return feed.offer(
      { transport: 'gpio', client, topic, payload, retain: false, receivedAt: clock.wallMs() },
      alongside,
    );
  };
}
