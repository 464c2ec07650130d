import { z } from 'zod';
import { command, definePlugin, localId, outbound } from '../../contracts/index.ts';
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
      encode: ({ device, args }, { config }: Context) => [
        outbound(
          config.commandTopic.replaceAll('{device}', () => localId(device)),
          JSON.stringify(args),
        ),
      ],
    }),
  },
});
