import { z } from 'zod';
import type { Target } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import {
  credentialWishSchema,
  deviceEditSchema,
  deviceId,
  knownDevice,
  deviceRemovalSchema,
  newDeviceSchema,
  removalSchema,
  userNameFor,
  type CredentialWish,
  type DeviceEdit,
  type DeviceRecord,
  type DeviceRemoval,
  type NewDevice,
  type Removal,
} from '../../contracts/registry.ts';
import { showDevice, shownDevice, type DeviceList } from './device-list.ts';
import { route, type Context, type Route } from './route.ts';

interface Issued {
  readonly user: string;
  readonly password: string;
}

/** What the API asks of the registry about one device, and of the broker through it. */
export interface DeviceEdits extends Pick<DeviceList, 'pathOf'> {
  find(device: string): DeviceRecord | undefined;
  devices(): Iterable<DeviceRecord>;
  register(device: NewDevice): Promise<DeviceRecord>;
  editDevice(edit: DeviceEdit): Promise<DeviceRecord>;
  retry(wanted: Removal): Promise<DeviceRecord>;
  replace(wanted: Removal & { by: string }): Promise<DeviceRecord>;
  decommission(wanted: Removal): Promise<DeviceRecord>;
  removeDevice(wanted: DeviceRemoval): Promise<DeviceRecord>;
  issue(wish: CredentialWish): Promise<Issued>;
  rotate(id: string): Promise<Issued>;
  revoke(id: string): Promise<DeviceRecord>;
  /** Whether a profile of the broker, or the one that a user has, opens topics of other devices. Throws NOT_FOUND for what there is not. */
  isWide(of: { readonly profile: string } | { readonly user: string }): boolean;
}

const path = '/api/v1/devices';
const one = z.strictObject({ id: knownDevice });
const target = ({ id }: { id: string }): Target => ({ device: id });
const issued = z.object({ user: z.string(), password: z.string() });

/** One device: its labels, its place and its life. */
export function deviceEditRoutes(model: DeviceEdits): Route[] {
  const change = changeOf(model);
  return [
    oneDevice(model),
    change({
      method: 'POST',
      path,
      summary: 'Registers a device before its first message; it is SHADOW until a cloud has taken it.',
      target: ({ place }) => (place === undefined ? 'everything' : { place }),
      input: newDeviceSchema,
      run: (device) => model.register(device),
    }),
    change({
      method: 'PATCH',
      path: `${path}/:id`,
      summary: 'Changes name, profile, place or tags. The id never changes, nor do topics and history.',
      target,
      input: deviceEditSchema,
      run: (edit, context) => {
        if (edit.place && !context.may('device.edit', { place: edit.place })) {
          throw new PortcullisError('NOT_ALLOWED', 'The device may not be moved to a place that is not yours.');
        }
        if (typeof edit.user === 'string') demandUser(edit.user, model, context);
        return model.editDevice(edit);
      },
    }),
    change({
      method: 'POST',
      path: `${path}/:id/retry`,
      summary: 'Offers a rejected device to the cloud again.',
      target,
      input: removalSchema,
      run: (wanted) => model.retry(wanted),
    }),
    change({
      method: 'POST',
      path: `${path}/:id/replace`,
      summary: 'New hardware takes over name, profile, place and tags; the old device is decommissioned.',
      target,
      input: removalSchema.extend({ by: deviceId }),
      run: (wanted, { may }) => {
        if (model.find(wanted.by) !== undefined && !may('device.edit', { device: wanted.by })) {
          throw new PortcullisError('NOT_ALLOWED', `The device "${wanted.by}" is not yours.`);
        }
        return model.replace(wanted);
      },
    }),
    change({
      method: 'POST',
      path: `${path}/:id/decommission`,
      summary: 'Ends the life of a device: its credentials end, its connection closes, the cloud removes it.',
      target,
      input: removalSchema,
      run: (wanted) => model.decommission(wanted),
    }),
    change({
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Takes a device out of the registry; with data=true also what is kept of it beside the log.',
      target,
      input: deviceRemovalSchema,
      run: (wanted) => model.removeDevice(wanted),
    }),
    change({
      method: 'DELETE',
      path: `${path}/:id/credentials`,
      summary: 'Ends the credentials of a device and closes its connection.',
      target,
      input: one,
      run: ({ id }) => model.revoke(id),
    }),
    ...credentialsOf(model),
  ];
}

function oneDevice(model: DeviceEdits): Route {
  return route({
    method: 'GET',
    path: `${path}/:id`,
    summary: 'One device.',
    needs: 'device.read',
    target,
    input: one,
    result: shownDevice,
    handle: async ({ id }) => {
      const device = model.find(id);
      if (device === undefined) throw new PortcullisError('NOT_FOUND', `There is no device "${id}".`);
      return showDevice(device, model);
    },
  });
}

/** Whoever has the user of one device has it of all: each of them must be the caller's, and without any, everything. Throws NOT_ALLOWED. */
function demandUser(user: string, model: DeviceEdits, { may }: Context): void {
  const linked = [...model.devices()].filter((one) => one.user === user);
  const targets: Target[] = linked.length === 0 ? ['everything'] : linked.map(({ id }) => ({ device: id }));
  if (targets.every((target) => may('credential.manage', target))) return;
  throw new PortcullisError('NOT_ALLOWED', `The MQTT user "${user}" is not only of devices that are yours.`);
}

/** What opens topics of other devices is for those to give who are confined to no area. Throws NOT_ALLOWED. */
function demandOwnTopics(of: { profile: string } | { user: string }, model: DeviceEdits, { may }: Context): void {
  if (may('credential.manage', 'everything') || !model.isWide(of)) return;
  const what = 'user' in of ? `The MQTT user "${of.user}"` : `The profile ${of.profile}`;
  const why = 'also reaches topics of other devices: only somebody who is confined to no area lets a device have it.';
  throw new PortcullisError('NOT_ALLOWED', `${what} ${why}`);
}

/** A device's topics, and often its id, are made of its user name: one that another device is known by is the caller's too. Throws NOT_ALLOWED. */
function demandName(user: string, model: DeviceEdits, { may }: Context): void {
  for (const { id } of model.devices()) {
    const words = id.slice(id.indexOf(':') + 1).split('/');
    if (!words.includes(user) || may('credential.manage', { device: id })) continue;
    throw new PortcullisError('NOT_ALLOWED', `A device that is not yours is known by the name "${user}".`);
  }
}

/** Makes routes that change one device and show it afterwards. */
function changeOf(model: DeviceEdits) {
  return <Input extends z.ZodObject>(
    definition: Pick<Route<Input>, 'method' | 'path' | 'summary' | 'input' | 'target'> & {
      readonly run: (input: z.infer<Input>, context: Context) => Promise<DeviceRecord>;
    },
  ): Route => {
    const { run, ...rest } = definition;
    const handle = async (input: z.infer<Input>, context: Context): Promise<object> =>
      showDevice(await run(input, context), model);
    return route({ ...rest, needs: 'device.edit', result: shownDevice, handle });
  };
}

/** A password is in an answer once, when it is made. */
function credentialsOf(model: DeviceEdits): Route[] {
  return [
    route({
      method: 'POST',
      path: `${path}/:id/credentials`,
      summary: 'Lets the device connect to the broker. Without a password one is made.',
      needs: 'credential.manage',
      target,
      input: credentialWishSchema,
      result: issued,
      handle: async (wish, context) => {
        demandOwnTopics({ profile: wish.profile }, model, context);
        demandName(wish.user ?? userNameFor(wish.id), model, context);
        return issued.parse(await model.issue(wish));
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:id/credentials/rotate`,
      summary: 'Makes a second password; the one before stays valid until the next rotation.',
      needs: 'credential.manage',
      target,
      input: one,
      result: issued,
      handle: async ({ id }, context) => {
        const user = model.find(id)?.user;
        if (user !== undefined) {
          demandUser(user, model, context);
          demandOwnTopics({ user }, model, context);
        }
        return issued.parse(await model.rotate(id));
      },
    }),
  ];
}
