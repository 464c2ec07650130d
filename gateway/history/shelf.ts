import type { FollowerPort } from '../../contracts/log-follower.ts';
import { openBlock } from './block.ts';

/** The blocks on disk. One that is damaged is left out and counted: the others are whole without it. */
export class Shelf {
  readonly #port: FollowerPort;
  readonly #damaged = new Set<number>();

  constructor(port: FollowerPort) {
    this.#port = port;
  }

  /** Blocks that could not be read since the start. */
  get damaged(): number {
    return this.#damaged.size;
  }

  open(id: number): ReturnType<typeof openBlock> {
    const data = this.#port.all('history.block', [id])[0]?.['data'];
    if (!(data instanceof Uint8Array)) return [];
    try {
      return openBlock(data);
    } catch {
      this.#damaged.add(id);
      return [];
    }
  }
}
