import { z } from 'zod';

/** What a product says of one data point; `values` is JSON as text (Tuya, "Get Device Specification"). */
const point = z.object({ code: z.string().min(1).max(128), type: z.string().max(32), values: z.string().max(65_536) });
export const productWish = z.strictObject({
  product_id: z.string().min(1).max(64),
  functions: z.array(point).max(1_000).default([]),
  status: z.array(point).max(1_000).default([]),
});
export type ProductModel = z.infer<typeof productWish>;
