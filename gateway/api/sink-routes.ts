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

/** The way out to all sinks, as it can be cut for a moment. */
export interface CutControl {
  begin(forMs: number): void;
  leftMs(): number;
}

/** Where records go, a way to try again now, and one to see what a lost uplink costs. */
export function sinkRoutes(sinks: readonly SinkControl[], cut: CutControl): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/sinks',
      summary: 'The configured sinks: whether each takes records, and why not.',
      needs: 'gateway.read',
      input: z.object({}),
      /** `cutForMs`: how long the uplink is still cut for a test. */
      result: z.object({ sinks: z.array(status), cutForMs: z.number() }),
      handle: async () => ({ sinks: sinks.map((sink) => sink.status()), cutForMs: cut.leftMs() }),
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
        if (sink === undefined) throw new PortcullisError('NOT_FOUND', `There is no sink "${name}".`);
        await sink.resume();
        return sink.status();
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/uplink/cut',
      summary:
        'For some seconds lets nothing out to any sink and takes no command or message from the cloud or Kafka, to see what that costs. It comes back by itself.',
      needs: 'gateway.operate',
      input: z.strictObject({ seconds: z.number().int().min(1).max(60).default(30) }),
      result: z.object({ cutForMs: z.number() }),
      handle: async ({ seconds }) => {
        if (sinks.length === 0)
          throw new PortcullisError('COMMAND_INVALID', 'There is no uplink: no sink is configured.');
        cut.begin(seconds * 1_000);
        return { cutForMs: cut.leftMs() };
      },
    }),
  ];
}
