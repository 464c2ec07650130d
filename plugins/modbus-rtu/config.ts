import { z } from 'zod';
import { sdm120, sdm630 } from './maps/eastron.ts';
import { pzem } from './maps/pzem.ts';
import { relays8 } from './maps/relays.ts';
import { registerMap, type RegisterMap } from './register-map.ts';

/** Made when they are asked for: a plugin computes nothing while it is loaded. */
const shipped: Readonly<Record<string, () => RegisterMap>> = {
  sdm120,
  sdm630,
  'pzem-004t': pzem,
  'pzem-016': pzem,
  'relays-8': relays8,
};

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);
const station = z.strictObject({
  port: name,
  /** The station's number on its line. */
  unit: z.int().min(1).max(247),
  map: name,
  everySeconds: z.number().min(0.2).max(86_400).default(10),
  timeoutMs: z.int().min(20).max(10_000).default(500),
});
export type Station = z.infer<typeof station>;

export const config = z
  .strictObject({
    /** Name of the device, which is its id, to where it is and what it is. */
    devices: z.record(name, station).default({}),
    /** Makes that are not shipped, by name. */
    maps: z.record(name, registerMap).default({}),
  })
  .superRefine(({ devices, maps }, context) => {
    const seen = new Set<string>();
    for (const [device, { port, unit, map }] of Object.entries(devices)) {
      const place = `${port} ${unit}`;
      if (seen.has(place)) context.addIssue({ code: 'custom', message: `devices.${device}: ${place} is taken` });
      seen.add(place);
      if (mapIn(maps, map) !== undefined) continue;
      const known = [...Object.keys(shipped), ...Object.keys(maps)].join(', ');
      context.addIssue({ code: 'custom', message: `devices.${device}: there is no map ${map}, but ${known}` });
    }
  });
export type Config = z.infer<typeof config>;

/** The map of that name: the site's own, else a shipped one. */
function mapIn(maps: Config['maps'], map: string): RegisterMap | undefined {
  if (Object.hasOwn(maps, map)) return maps[map];
  return Object.hasOwn(shipped, map) ? shipped[map]?.() : undefined;
}

/** The table of a device. */
export function mapOf({ maps }: Config, { map }: Station): RegisterMap {
  return mapIn(maps, map) ?? { source: '', most: 1, points: [] };
}
