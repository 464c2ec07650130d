import { z } from 'zod';
import {
  deviceId,
  deviceName,
  knownDevice,
  lifeCycles,
  newGroupSchema,
  placeName,
  placePath,
  profileName,
  tagList,
} from './registry.ts';

/** Devices that fit all that is said: those in a place and everything in it, with a tag, of a profile, in a life cycle. */
export const deviceFilterSchema = z.strictObject({
  place: z.string().max(64).optional(),
  tag: z.string().max(32).optional(),
  profile: z.string().max(64).optional(),
  lifeCycle: z.enum(lifeCycles).optional(),
});
export type DeviceFilter = z.infer<typeof deviceFilterSchema>;

/** The same change for many devices, all of them or none. A `dryRun` says which, and changes nothing. */
export const operationSchema = z.strictObject({
  select: deviceFilterSchema
    .extend({ ids: z.array(knownDevice).max(1_000).optional() })
    .refine((select) => Object.values(select).some((one) => one !== undefined), 'say which devices'),
  do: z.enum(['move', 'tag', 'untag', 'retry', 'decommission']),
  /** Where to, for `move`. */
  place: z.string().max(64).optional(),
  /** Which, for `tag` and `untag`. */
  tags: tagList.optional(),
  dryRun: z.boolean().default(false),
});
export type Operation = z.infer<typeof operationSchema>;

export interface OperationReport {
  /** Devices that were selected and are not decommissioned. */
  readonly matched: number;
  /** Ids of those that changed, or would in a dry run. */
  readonly changed: readonly string[];
}

export interface ImportReport {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** Devices as another program had them, and what that means here; `changed` is a name. */
export interface TakeOverReport extends ImportReport {
  readonly devices: readonly {
    readonly id: string;
    readonly name: string;
    readonly is: 'new' | 'changed' | 'unchanged';
  }[];
}

/** Columns of the CSV file of devices. The last two are written by the export and not read. */
export const csvColumns = ['id', 'name', 'profile', 'place', 'tags', 'lifeCycle', 'cloudId'] as const;
/** Bounds of one import. */
export const importBounds = { maxRows: 10_000, maxFileBytes: 4 * 1024 * 1024 } as const;

const named = { name: placeName };
const areas = z.array(z.strictObject({ ...named, rooms: z.array(placeName).default([]) })).default([]);
const floors = z.array(z.strictObject({ ...named, areas })).default([]);

/** A site on one page. What is there already stays; applied twice it changes nothing the second time. */
export const siteTemplateSchema = z.strictObject({
  buildings: z.array(z.strictObject({ ...named, floors })).default([]),
  /** `areas` by their path. */
  groups: z.array(newGroupSchema.extend({ areas: z.array(placePath).max(256).default([]) })).default([]),
  /** What devices have in common, by a name that devices refer to. */
  deviceTemplates: z
    .record(z.string().min(1).max(64), z.strictObject({ profile: profileName.optional(), tags: tagList.optional() }))
    .default({}),
  devices: z
    .array(
      z.strictObject({
        id: deviceId,
        name: deviceName.optional(),
        template: z.string().max(64).optional(),
        profile: profileName.optional(),
        place: placePath.optional(),
        tags: tagList.optional(),
      }),
    )
    .default([]),
});
export type SiteTemplate = z.infer<typeof siteTemplateSchema>;

export interface TemplateReport extends ImportReport {
  readonly places: number;
  readonly groups: number;
}
