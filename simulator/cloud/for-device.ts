import type { z } from 'zod';
import type { CloudDevice } from './devices.ts';
import { fail } from './reply.ts';
import type { Reply } from './reply.ts';
import type { Call, CloudState, Handler } from './state.ts';

interface DeviceCall<Body> {
  readonly device: CloudDevice;
  readonly body: Body;
  readonly call: Call;
  readonly state: CloudState;
}

/** A handler for a path with `:id`: another body than `schema` is 1109, a device that is not registered 2010. */
export function forDevice<Body>(schema: z.ZodType<Body>, handle: (given: DeviceCall<Body>) => Reply): Handler {
  return (call, state) => {
    const body = schema.safeParse(call.body);
    if (!body.success) return fail(1109);
    const device = state.devices.byId(call.params.id ?? '');
    return device ? handle({ device, body: body.data, call, state }) : fail(2010);
  };
}
