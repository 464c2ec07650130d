import { z } from 'zod';

/** A device works locally from the first moment; the cloud only confirms it, or says why not. */
export const lifeCycles = ['SHADOW', 'ACTIVATED', 'REJECTED', 'DECOMMISSIONED'] as const;
export type LifeCycle = (typeof lifeCycles)[number];

/** Why a cloud refused a device, and what the operator can do. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
  readonly suggestion: string;
}

/** What a cloud said of one device. A fault of the account or of the way there is never a rejection. */
export type ActivationOutcome =
  | { readonly is: 'activated'; readonly cloudId: string }
  | ({ readonly is: 'rejected' } & Refusal);

/** From the outside in; a place of one kind stands in a place of the kind before. */
export const placeKinds = ['building', 'floor', 'area', 'room'] as const;
export type PlaceKind = (typeof placeKinds)[number];

/** What every subject of the registry has. `version` grows by one with each change, also over a deletion. */
interface Subject {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}

/** `parent` is absent for a building. Names are unique among siblings. */
export interface PlaceRecord extends Subject {
  readonly kind: PlaceKind;
  readonly parent?: string | undefined;
}

/** People (by name) who are responsible for areas (by the id of the place). */
export interface GroupRecord extends Subject {
  readonly members: readonly string[];
  readonly areas: readonly string[];
}

/** What other stages know of a device. `name` is a label; `id` never changes. `place` is the id of a place. */
export interface DeviceRecord extends Subject {
  readonly profile: string | undefined;
  readonly lifeCycle: LifeCycle;
  readonly place: string | undefined;
  readonly tags: readonly string[];
  readonly cloudId?: string | undefined;
  /** Only of a rejected device. */
  readonly refusal?: Refusal | undefined;
  /** The broker's user with whose credentials the device connects, where it does so itself. */
  readonly user?: string | undefined;
  readonly replaces?: string | undefined;
  readonly replacedBy?: string | undefined;
}

/** The registry as other stages see it. Reads are from memory; `activation` resolves when it is durable. */
export interface DeviceDirectory {
  find(device: string): DeviceRecord | undefined;
  /** Does nothing for a device that the registry does not hold or that was decommissioned. */
  activation(device: string, outcome: ActivationOutcome): Promise<void>;
}

const printable = /^[^\p{C}]+$/u;
const label = (most: number) =>
  z.string().trim().min(1).max(most).regex(printable, 'no line breaks and other control characters');
const subjectId = z.string().min(1).max(64);

/** A name of a place has no slash, because a path is written with it: `Home/Ground floor/East/Kitchen`. */
export const placeName = label(64).refine((name) => !name.includes('/'), 'no slash in the name of a place');
export const placePath = z.string().min(1).max(272);
export const deviceId = label(256);
/** An id that a codec made, to find a device by: whatever it has in it. */
export const knownDevice = z.string().min(1).max(256);
export const deviceName = label(128);
export const profileName = label(64);
export const tag = z
  .string()
  .max(32)
  .regex(/^[\p{L}\p{N}_.:-]+$/u, 'a tag is made of letters, digits and _ . : -');
export const tagList = z.array(tag).max(16);

/** The version that a change was made for; when the subject has another one by now, the change is a CONFLICT. */
const version = z.coerce.number().int().positive().optional();
export const placeRef = subjectId;

export const newPlaceSchema = z.strictObject({
  kind: z.enum(placeKinds),
  name: placeName,
  parent: placeRef.optional(),
});
export type NewPlace = z.infer<typeof newPlaceSchema>;

export const placeEditSchema = z.strictObject({
  id: subjectId,
  name: placeName.optional(),
  parent: placeRef.optional(),
  version,
});
export type PlaceEdit = z.infer<typeof placeEditSchema>;

/** With `cascade` everything in the place goes too, and its devices move to the parent; without, it must be empty. */
export const placeRemovalSchema = z.strictObject({
  id: subjectId,
  version,
  cascade: z.stringbool().or(z.boolean()).default(false),
});
export type PlaceRemoval = z.infer<typeof placeRemovalSchema>;

const members = z.array(label(64)).max(64);
const areas = z.array(placeRef).max(256);
export const newGroupSchema = z.strictObject({
  name: label(64),
  members: members.default([]),
  areas: areas.default([]),
});
export type NewGroup = z.infer<typeof newGroupSchema>;

export const groupEditSchema = z.strictObject({
  id: subjectId,
  name: label(64).optional(),
  members: members.optional(),
  areas: areas.optional(),
  version,
});
export type GroupEdit = z.infer<typeof groupEditSchema>;

export const removalSchema = z.strictObject({ id: knownDevice, version });
export type Removal = z.infer<typeof removalSchema>;

export const newDeviceSchema = z.strictObject({
  id: deviceId,
  name: deviceName.optional(),
  profile: profileName.optional(),
  place: placeRef.optional(),
  tags: tagList.default([]),
});
export type NewDevice = z.infer<typeof newDeviceSchema>;

/** A user of the broker; also its client id, unless others were listed. */
export const mqttUser = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.:-]+$/, 'letters, digits and . _ : - only');

/** The user of a device that nobody named another one for: a name that every MQTT client takes. */
export const userNameFor = (id: string): string => id.replaceAll(/[^\w.:-]/g, '-').slice(0, 128);

/** Credentials for a device: the user is made from its id, and a password is made, where none is given. */
export const credentialWishSchema = z.strictObject({
  id: knownDevice,
  user: mqttUser.optional(),
  /** What the device may do at the broker, such as `tasmota` or `generic`. */
  profile: z.string().max(64),
  password: z.string().min(8).max(128).optional(),
});
export type CredentialWish = z.infer<typeof credentialWishSchema>;

/** With `data` also what is kept of the device beside the log: dead letters, counters, windows. */
export const deviceRemovalSchema = z.strictObject({
  id: knownDevice,
  version,
  data: z.stringbool().or(z.boolean()).default(false),
});
export type DeviceRemoval = z.infer<typeof deviceRemovalSchema>;

/** `null` takes a profile or a place away. */
export const deviceEditSchema = z.strictObject({
  id: knownDevice,
  name: deviceName.optional(),
  profile: profileName.nullable().optional(),
  place: placeRef.nullable().optional(),
  tags: tagList.optional(),
  /** A user of the broker that exists already, such as a bridge's; `null` takes the link away, not the credentials. */
  user: mqttUser.nullable().optional(),
  version,
});
export type DeviceEdit = z.infer<typeof deviceEditSchema>;

/**
 * Places and who is responsible for them. Reads are from memory and show what is durable; a change resolves after its
 * commit.
 */
export interface PlaceBook {
  places(): Iterable<PlaceRecord>;
  /** The names from the building to the place, with slashes between. */
  pathOf(place: string): string;
  /** Ids and paths of the place and of all that it stands in; none for an unknown one. */
  around(place: string): readonly string[];
  addPlace(place: NewPlace): Promise<PlaceRecord>;
  editPlace(edit: PlaceEdit): Promise<PlaceRecord>;
  removePlace(removal: PlaceRemoval): Promise<PlaceRecord>;
  groups(): Iterable<GroupRecord>;
  addGroup(group: NewGroup): Promise<GroupRecord>;
  editGroup(edit: GroupEdit): Promise<GroupRecord>;
  removeGroup(removal: Removal): Promise<GroupRecord>;
}
