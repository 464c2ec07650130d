import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import {
  credentialWishSchema,
  deviceEditSchema,
  deviceId,
  knownDevice,
  deviceRemovalSchema,
  newDeviceSchema,
  removalSchema,
  type CredentialWish,
  type DeviceEdit,
  type DeviceRecord,
  type DeviceRemoval,
  type NewDevice,
  type Removal,
} from '../../contracts/registry.ts';
import { showDevice, shownDevice, type DeviceList } from './device-list.ts';
import { route, type Route } from './route.ts';

interface Issued {
  readonly user: string;
  readonly password: string;
}

/** What the API asks of the registry about one device, and of the broker through it. */
export interface DeviceEdits extends Pick<DeviceList, 'pathOf'> {
  find(device: string): DeviceRecord | undefined;
  register(device: NewDevice): Promise<DeviceRecord>;
  editDevice(edit: DeviceEdit): Promise<DeviceRecord>;
  retry(wanted: Removal): Promise<DeviceRecord>;
  replace(wanted: Removal & { by: string }): Promise<DeviceRecord>;
  decommission(wanted: Removal): Promise<DeviceRecord>;
  removeDevice(wanted: DeviceRemoval): Promise<DeviceRecord>;
  issue(wish: CredentialWish): Promise<Issued>;
  rotate(id: string): Promise<Issued>;
  revoke(id: string): Promise<DeviceRecord>;
}

const path = '/api/v1/devices';
const one = z.strictObject({ id: knownDevice });
const issued = z.object({ user: z.string(), password: z.string() });

/** One device: its labels, its place and its life. */
export function deviceEditRoutes(model: DeviceEdits): Route[] {
  const change = <Input extends z.ZodObject>(
    definition: Pick<Route<Input>, 'method' | 'path' | 'summary' | 'input'> & {
      readonly run: (input: z.infer<Input>) => Promise<DeviceRecord>;
    },
  ): Route => {
    const { run, ...rest } = definition;
    const handle = async (input: z.infer<Input>): Promise<object> => showDevice(await run(input), model);
    return route({ ...rest, admin: true, result: shownDevice, handle });
  };
  return [
    route({
      method: 'GET',
      path: `${path}/:id`,
      summary: 'One device.',
      input: one,
      result: shownDevice,
      handle: async ({ id }) => {
        const device = model.find(id);
        if (device === undefined) throw new PortcullisError('NOT_FOUND', `There is no device "${id}".`);
        return showDevice(device, model);
      },
    }),
    change({
      method: 'POST',
      path,
      summary: 'Registers a device before its first message; it is SHADOW until a cloud has taken it.',
      input: newDeviceSchema,
      run: (device) => model.register(device),
    }),
    change({
      method: 'PATCH',
      path: `${path}/:id`,
      summary: 'Changes name, profile, place or tags. The id never changes, nor do topics and history.',
      input: deviceEditSchema,
      run: (edit) => model.editDevice(edit),
    }),
    change({
      method: 'POST',
      path: `${path}/:id/retry`,
      summary: 'Offers a rejected device to the cloud again.',
      input: removalSchema,
      run: (wanted) => model.retry(wanted),
    }),
    change({
      method: 'POST',
      path: `${path}/:id/replace`,
      summary: 'New hardware takes over name, profile, place and tags; the old device is decommissioned.',
      input: removalSchema.extend({ by: deviceId }),
      run: (wanted) => model.replace(wanted),
    }),
    change({
      method: 'POST',
      path: `${path}/:id/decommission`,
      summary: 'Ends the life of a device: its credentials end, its connection closes, the cloud removes it.',
      input: removalSchema,
      run: (wanted) => model.decommission(wanted),
    }),
    change({
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Takes a device out of the registry; with data=true also what is kept of it beside the log.',
      input: deviceRemovalSchema,
      run: (wanted) => model.removeDevice(wanted),
    }),
    change({
      method: 'DELETE',
      path: `${path}/:id/credentials`,
      summary: 'Ends the credentials of a device and closes its connection.',
      input: one,
      run: ({ id }) => model.revoke(id),
    }),
    ...credentialsOf(model),
  ];
}

/** A password is in an answer once, when it is made. */
function credentialsOf(model: DeviceEdits): Route[] {
  return [
    route({
      method: 'POST',
      path: `${path}/:id/credentials`,
      summary: 'Lets the device connect to the broker. Without a password one is made.',
      admin: true,
      input: credentialWishSchema,
      result: issued,
      handle: async (wish) => issued.parse(await model.issue(wish)),
    }),
    route({
      method: 'POST',
      path: `${path}/:id/credentials/rotate`,
      summary: 'Makes a second password; the one before stays valid until the next rotation.',
      admin: true,
      input: one,
      result: issued,
      handle: async ({ id }) => issued.parse(await model.rotate(id)),
    }),
  ];
}
