import type { Logger } from 'pino';
import type { DeviceDirectory } from '../../../contracts/registry.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Call } from './client.ts';
import { productOf, type DataPoint, type Product } from './data-points.ts';
import type { Answer, Refusal } from './envelope.ts';
import { rules } from './error-classes.ts';
import { pointsIn } from './specification.ts';

/** What the operator says of a product; the cloud's own specification fills the data points that are not here. */
export interface ProductConfig {
  readonly productId: string;
  readonly dataPoints: ReadonlyMap<string, DataPoint>;
}

export interface ProductBookOptions {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** For devices without a profile, or with one that is not among `profiles`. */
  readonly otherwise: ProductConfig;
  readonly profiles: ReadonlyMap<string, ProductConfig>;
  readonly directory: DeviceDirectory | undefined;
}

type Points = readonly (readonly [string, DataPoint])[];

/** What the products of the devices look like, as far as the operator and the cloud have told. */
export class ProductBook {
  readonly #o: ProductBookOptions;
  /** What the cloud says, by product id. */
  readonly #specifications = new Map<string, Points>();
  /** Both together, by the operator's entry. */
  readonly #merged = new Map<ProductConfig, Product>();

  constructor(options: ProductBookOptions) {
    this.#o = options;
  }

  idOf(device: string): string {
    return this.#configOf(device).productId;
  }

  of(device: string): Product {
    const config = this.#configOf(device);
    const known = this.#merged.get(config);
    if (known !== undefined) return known;
    const merged = productOf(merge(this.#specifications.get(config.productId) ?? [], config.dataPoints));
    this.#merged.set(config, merged);
    return merged;
  }

  /**
   * Fetches what is missing of the products of these devices, once per product. `admit` gives the cloud's id of a device
   * that is registered. A refusal means that link or account stand in the way, and that values must wait: without the
   * definition they would be reported in another scale.
   */
  async prepare(
    devices: readonly string[],
    admit: (device: string) => Promise<string | undefined>,
    ask: (call: Call) => Promise<Answer>,
  ): Promise<Refusal | undefined> {
    for (const [product, members] of Map.groupBy(devices, (device) => this.idOf(device))) {
      if (this.#specifications.has(product)) continue;
      const points = (await this.#load(product)) ?? (await this.#fetch(product, members, admit, ask));
      if (points === undefined) continue;
      if ('class' in points) return points;
      this.#specifications.set(product, points);
      this.#merged.clear();
    }
    return undefined;
  }

  #configOf(device: string): ProductConfig {
    const { profiles, otherwise, directory } = this.#o;
    const profile = directory?.find(device)?.profile;
    return (profile === undefined ? undefined : profiles.get(profile)) ?? otherwise;
  }

  async #load(product: string): Promise<Points | undefined> {
    const [row] = await this.#o.store.read('tuya.product', [product]);
    return row === undefined ? undefined : (JSON.parse(String(row['points'])) as Points);
  }

  async #fetch(
    product: string,
    devices: readonly string[],
    admit: (device: string) => Promise<string | undefined>,
    ask: (call: Call) => Promise<Answer>,
  ): Promise<Points | Refusal | undefined> {
    for (const device of devices) {
      const cloudId = await admit(device);
      if (cloudId === undefined) continue;
      const answer = await ask({ method: 'GET', target: `/v1.0/iot-03/devices/${cloudId}/specification` });
      const points = answer.ok ? pointsIn(answer.result) : undefined;
      if (points !== undefined) {
        const params = [product, JSON.stringify(points), Math.trunc(this.#o.clock.wallMs())];
        await this.#o.store.write([{ statement: 'tuya.save_product', params }]);
        return points;
      }
      if (!answer.ok && rules[answer.class].pause !== undefined) return answer;
      // It may not be asked, or says nothing: until the next start the operator's definition stands alone.
      this.#o.log.warn({ product, code: answer.ok ? 'odd answer' : answer.code }, 'the cloud tells no specification');
      return [];
    }
    return undefined;
  }
}

/** The operator's word wins, but for a type that is left to the cloud. */
function merge(told: Points, config: ReadonlyMap<string, DataPoint>): Points {
  const merged = new Map(told);
  for (const [code, point] of config) {
    const { metric, ep } = point;
    merged.set(code, point.type === 'any' ? { ...(merged.get(code) ?? point), metric, ep } : point);
  }
  return [...merged];
}
