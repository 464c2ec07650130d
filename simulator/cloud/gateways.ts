/** One gateway of several that may have its name, as the header `Portcullis-Gateway` says it: `name;epoch;instance`. */
export interface CalledBy {
  readonly name: string;
  readonly epoch: number;
  readonly instance: string;
}

const maxGateways = 10_000;

/**
 * Extension of ours: of the gateways with one name the one with the highest epoch is heard, and of one epoch the first. All calls of the others
 * are refused, so that a gateway and the one restored from its passport never both have an effect.
 */
export class GatewayBook {
  readonly #heard = new Map<string, CalledBy>();

  /** Whether the caller is the one that is heard. A call without the header is of a program that knows nothing of it. */
  admits(header: string): boolean {
    const caller = read(header);
    if (caller === undefined) return header === '';
    const heard = this.#heard.get(caller.name);
    if (heard !== undefined && heard.epoch > caller.epoch) return false;
    if (heard !== undefined && heard.epoch === caller.epoch) return heard.instance === caller.instance;
    this.#heard.set(caller.name, caller);
    const [oldest] = this.#heard.keys();
    if (this.#heard.size > maxGateways && oldest !== undefined) this.#heard.delete(oldest);
    return true;
  }

  /** The epoch that is heard of the caller's name. */
  epochOf(header: string): number | undefined {
    return this.#heard.get(read(header)?.name ?? '')?.epoch;
  }

  list(): CalledBy[] {
    return [...this.#heard.values()];
  }
}

function read(header: string): CalledBy | undefined {
  const found = /^([a-z0-9-]{1,63});([1-9]\d{0,3});([0-9a-f]{16})$/.exec(header);
  if (found === null) return undefined;
  const [, name = '', epoch = '', instance = ''] = found;
  return { name, epoch: Number(epoch), instance };
}
