import type { SqlRow, SqlValue } from '../../../contracts/table-set.ts';

/** One device as the cloud knows it. `name` and `product` are what the cloud was told. */
export type CloudDevice =
  | { readonly state: 'SHADOW'; readonly third: string }
  | {
      readonly state: 'ACTIVATED';
      readonly third: string;
      readonly cloudId: string;
      readonly name: string | undefined;
      readonly product: string | undefined;
    }
  | { readonly state: 'REJECTED'; readonly third: string; readonly code: string; readonly reason: string }
  | { readonly state: 'REMOVED'; readonly third: string };

const text = (value: SqlValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** Reads a row of `tuya.load`. */
export function deviceIn(row: SqlRow): CloudDevice {
  const third = String(row['third']);
  const { cloud_id: cloudId, code, reason, name, product } = row;
  if (row['state'] === 'ACTIVATED' && typeof cloudId === 'string') {
    return { state: 'ACTIVATED', third, cloudId, name: text(name), product: text(product) };
  }
  if (row['state'] === 'REJECTED') return { state: 'REJECTED', third, code: String(code), reason: String(reason) };
  return { state: row['state'] === 'REMOVED' ? 'REMOVED' : 'SHADOW', third };
}

/** The parameters of `tuya.save`. */
export function rowOf(device: string, known: CloudDevice, nowMs: number): readonly SqlValue[] {
  const active = known.state === 'ACTIVATED' ? known : undefined;
  const [code, reason] = known.state === 'REJECTED' ? [known.code, known.reason] : [null, null];
  const { cloudId = null, name = null, product = null } = active ?? {};
  return [device, known.third, cloudId, known.state, code, reason, name, product, Math.trunc(nowMs)];
}
