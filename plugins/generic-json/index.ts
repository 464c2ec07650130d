import { z } from 'zod';
import { command, definePlugin, localId, outbound, shownBy, type Envelope, type Json } from '../../contracts/index.ts';
import { config, type Config, type Context } from './config.ts';
import { decode } from './decode.ts';

/** Any device that speaks JSON over MQTT without a convention of its own. Also reads SenML packs (RFC 8428). */
export default definePlugin<Config>({
  name: 'generic-json',
  apiVersion: 1,
  proto: 'json',
  topics: ['devices/+/telemetry', 'devices/+/state', 'devices/+/event', 'json/#'],
  config,
  decode,
  commands: {
    set: command({
      args: z.record(z.string().max(64), z.json()),
      idempotent: false,
      // The convention of devices without one: what is set is shown under the same key.
      expects: ({ device, args }, context: Context) => {
        const shown = decode(stateOf(nameOf(device), args), context).flatMap(({ metrics }) => metrics);
        return { state: shownBy(shown) };
      },
      encode: ({ device, args }, { config }: Context) => [
        outbound(
          config.commandTopic.replaceAll('{device}', () => nameOf(device)),
          JSON.stringify(args),
        ),
      ],
    }),
  },
});

/** The device's own name, also where its id is a topic of the convention (`identity: topic`). */
function nameOf(device: string): string {
  const id = localId(device);
  return /^devices\/([^/]+)\/(?:telemetry|state|event)$/.exec(id)?.[1] ?? id;
}

/** What a device would say that took over these values. */
function stateOf(device: string, args: { readonly [key: string]: Json }): Envelope {
  const payload = new TextEncoder().encode(JSON.stringify(args));
  return { transport: 'mqtt', client: device, topic: `devices/${device}/state`, payload, retain: false, receivedAt: 0 };
}
