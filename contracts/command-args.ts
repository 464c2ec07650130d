import { z } from 'zod';
import { PortcullisError } from './errors.ts';
import type { Outbound } from './plugin.ts';

/** Any endpoint; a codec that knows what its own look like passes its own schema. */
const anyEndpoint = z.string().max(64);
const anyKelvin = z.number().min(1000).max(10_000);
const percent = z.number().min(0).max(100);

/** Arguments of the command `switch`. */
export function switchArgs(ep: z.ZodType<string> = anyEndpoint) {
  return z.strictObject({ on: z.boolean(), ep: ep.optional() });
}

/** Arguments of the command `light`, at least one beside the endpoint: `brightness` in percent, `color_temp` in kelvin. */
export function lightArgs(ep: z.ZodType<string> = anyEndpoint, kelvin: z.ZodType<number> = anyKelvin) {
  return z
    .strictObject({
      on: z.boolean().optional(),
      brightness: percent.optional(),
      color_temp: kelvin.optional(),
      ep: ep.optional(),
    })
    .refine(
      (args) => Object.entries(args).some(([key, value]) => key !== 'ep' && value !== undefined),
      'nothing is asked for',
    );
}
export type LightArgs = z.infer<ReturnType<typeof lightArgs>>;

/** Arguments of the command `cover`: a `position` in percent open, or what to do. */
export function coverArgs(ep: z.ZodType<string> = anyEndpoint) {
  return z.union(
    [
      z.strictObject({ position: percent, ep: ep.optional() }),
      z.strictObject({ do: z.enum(['open', 'close', 'stop']), ep: ep.optional() }),
    ],
    'either position or do',
  );
}

/** Arguments of the command `setpoint` of a heating. */
export function setpointArgs(ep: z.ZodType<string> = anyEndpoint) {
  return z.strictObject({ celsius: z.number().min(4).max(35), ep: ep.optional() });
}

/** The device's own id without the protocol in front. Throws COMMAND_INVALID when nothing is left. */
export function localId(device: string): string {
  const id = device.slice(device.indexOf(':') + 1);
  if (id === '') throw new PortcullisError('COMMAND_INVALID', 'The device id names no device.');
  return id;
}

/** One message at QoS 1. Throws COMMAND_INVALID for a topic that nobody may publish to (MQTT 3.1.1, section 4.7). */
export function outbound(topic: string | undefined, payload: string, learnt?: string): Outbound {
  if (topic === undefined || topic === '' || /[+#\0]/.test(topic)) {
    throw new PortcullisError('COMMAND_INVALID', 'This device has no topic for that.');
  }
  return { topic, payload, qos: 1, ...(learnt !== undefined && { learnt }) };
}
