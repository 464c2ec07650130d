import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { route, type Route } from './route.ts';

const status = z.object({
  sink: z.string(),
  state: z.string(),
  outage: z.boolean(),
  reason: z.string().optional(),
  failures: z.number(),
  inFlight: z.number(),
});

/** What the API asks of a delivery loop. */
export interface SinkControl {
  status(): z.infer<typeof status>;
  /** Tries again now, after the account was put in order; also devices that the sink had rejected. */
  resume(): Promise<void>;
}

/** Where records go, and a way to try again now. */
export function sinkRoutes(sinks: readonly SinkControl[]): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/sinks',
      summary: 'The configured sinks: whether each takes records, and why not.',
      needs: 'gateway.read',
      input: z.object({}),
      result: z.object({ sinks: z.array(status) }),
      handle: async () => ({ sinks: sinks.map((sink) => sink.status()) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/sinks/:sink/resume',
      summary: 'Tries a sink again now that was stopped or waits, and the devices that it had rejected.',
      needs: 'gateway.operate',
      input: z.strictObject({ sink: z.string().max(64) }),
      result: status,
      handle: async ({ sink: name }) => {
        const sink = sinks.find((each) => each.status().sink === name);
        if (sink === undefined) throw new PortcullisError('COMMAND_INVALID', `There is no sink "${name}".`);
        await sink.resume();
        return sink.status();
      },
    }),
  ];
}
