import type { Logger } from 'pino';
import type { Append } from '../../contracts/pipeline.ts';
import type {
  DeviceDirectory,
  DeviceEdit,
  DeviceRecord,
  NewDevice,
  PlaceBook,
  Removal,
} from '../../contracts/registry.ts';
import type {
  DeviceFilter,
  ImportReport,
  Operation,
  OperationReport,
  SiteTemplate,
  TakeOverReport,
  TemplateReport,
} from '../../contracts/registry-bulk.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { tell } from '../observability/channels.ts';
import { watchForDevices } from './appearing.ts';
import { defaultBounds, type Book, type Bounds } from './book.ts';
import {
  activate,
  appear,
  decommission,
  editDevice,
  linkUser,
  recognise,
  register,
  removeDevice,
  replace,
  retry,
} from './devices.ts';
import { exportDevices, importDevices } from './device-file.ts';
import { openEditor, type Editor } from './editor.ts';
import { addGroup, editGroup, removeGroup } from './groups.ts';
import { operate, select } from './operations.ts';
import { addPlace, around, editPlace, pathOf, removePlace } from './places.ts';
import { applyTemplate } from './site-template.ts';
import { loadBook } from './tables.ts';
import { reportOf, takeOver, type Described } from './upsert.ts';
import { openWhereabouts, type Located, type Touched } from './whereabouts.ts';

export interface RegistryDeps {
  /** Of the buffer itself: what the registry appends makes no device appear. */
  readonly append: Append;
  readonly store: TableStore;
  readonly log: Logger;
  readonly clock: Clock;
  readonly bounds?: Partial<Bounds>;
}

/**
 * The registry. Reads are from memory and show what is durable. Every change commits with its change event and resolves
 * after that; one that cannot be rejects with NOT_FOUND, CONFLICT, COMMAND_INVALID or REGISTRY_FULL and leaves nothing.
 * Disposing waits for the edits that were taken; dispose what calls the registry before.
 */
export interface Registry extends DeviceDirectory, PlaceBook, AsyncDisposable {
  /** An `append` for ingest, under which unknown devices appear by themselves. */
  watch(append: Append): Append;

  /** Tells where every device stands, now and after each commit that moves some. */
  followPlaces(onMoved: (moved: readonly Located[]) => void): void;
  devices(): Iterable<DeviceRecord>;
  /** The devices that fit, in no order. Throws NOT_FOUND for a place that is not there. */
  select(filter: DeviceFilter): DeviceRecord[];
  register(device: NewDevice): Promise<DeviceRecord>;
  editDevice(edit: DeviceEdit): Promise<DeviceRecord>;
  /** Another try at the cloud for a device that it refused. */
  retry(wanted: Removal): Promise<DeviceRecord>;
  decommission(wanted: Removal): Promise<DeviceRecord>;
  /** New hardware takes over; resolves with the successor. */
  replace(wanted: Removal & { readonly by: string }): Promise<DeviceRecord>;
  /** Notes with which credentials a device connects; `device-access.ts` makes and ends them. */
  linkUser(link: { readonly id: string; readonly user: string | undefined }): Promise<DeviceRecord>;
  removeDevice(wanted: Removal): Promise<DeviceRecord>;

  /** Takes a CSV file of devices in, all of it or nothing. */
  importDevices(csv: string, dryRun: boolean): Promise<ImportReport>;
  /** Takes over devices that another program had, with their names, all of them or none. */
  takeOver(devices: readonly Described[], dryRun: boolean): Promise<TakeOverReport>;
  /** The devices that fit as a CSV file, in the order of their ids. */
  exportDevices(filter: DeviceFilter, isShown?: (device: DeviceRecord) => boolean): string;
  applyTemplate(template: SiteTemplate, dryRun: boolean): Promise<TemplateReport>;
  operate(operation: Operation): Promise<OperationReport>;
}

export async function openRegistry({ append, store, log, clock, ...options }: RegistryDeps): Promise<Registry> {
  const bounds: Bounds = { ...defaultBounds, ...options.bounds };
  const book: Book = await loadBook(store);
  const { devices, places, groups } = book;
  const whereabouts = openWhereabouts(book);
  let listener: ((moved: readonly Located[]) => void) | undefined;
  const tellMoved = (touched?: Touched): void => {
    const moved = listener === undefined ? [] : whereabouts.moved(touched);
    if (moved.length > 0) listener?.(moved);
  };
  let full = false;
  const tellFull = (): void => {
    if (full === devices.size >= bounds.maxAppeared) return;
    full = !full;
    const detail = `The registry holds ${devices.size} devices: no more appear by themselves. Remove what is not yours.`;
    tell('alarm', { code: 'registry-full', subject: 'devices', active: full, detail });
  };
  tellFull();
  const onCommitted = (touched: Touched): void => {
    tellMoved(touched);
    tellFull();
  };
  const reload = async (): Promise<void> => {
    const stored = await loadBook(store);
    places.reset(stored.places);
    groups.reset(stored.groups);
    devices.reset(stored.devices);
    tellMoved();
    tellFull();
  };
  const editor = openEditor({ book, append, clock, reload, onCommitted });
  const edit: Editor['edit'] = (change) => editor.edit(change);

  return {
    find: (device) => devices.get(device),
    activation: async (device, outcome) => void (await edit((draft) => activate(draft, device, outcome))),
    watch: (append) =>
      watchForDevices(append, {
        clock,
        isKnown: (device) => devices.get(device) !== undefined,
        hasRoom: () => devices.size < bounds.maxAppeared,
        appear: (ids) =>
          edit((draft) => {
            for (const id of ids) appear(draft, id, bounds);
          }),
        recognise: (device) => edit((draft) => recognise(draft, device)),
        onFailure: (err) => log.warn({ err }, 'devices could not be registered; they appear with their next message'),
      }),

    followPlaces(onMoved) {
      listener = onMoved;
      tellMoved();
    },
    places: () => places.values(),
    around: (place) => around(places, place),
    pathOf: (place) => pathOf(places, place),
    addPlace: (place) => edit((draft) => addPlace(draft, place, bounds)),
    editPlace: (wanted) => edit((draft) => editPlace(draft, wanted)),
    removePlace: (removal) => edit((draft) => removePlace(draft, removal)),

    groups: () => groups.values(),
    addGroup: (group) => edit((draft) => addGroup(draft, group, bounds)),
    editGroup: (wanted) => edit((draft) => editGroup(draft, wanted)),
    removeGroup: (removal) => edit((draft) => removeGroup(draft, removal)),

    devices: () => devices.values(),
    select: (filter) => select(book, filter),
    register: (device) => edit((draft) => register(draft, device, bounds)),
    editDevice: (wanted) => edit((draft) => editDevice(draft, wanted)),
    retry: (wanted) => edit((draft) => retry(draft, wanted)),
    decommission: (wanted) => edit((draft) => decommission(draft, wanted)),
    linkUser: (link) => edit((draft) => linkUser(draft, link)),
    removeDevice: (wanted) => edit((draft) => removeDevice(draft, wanted)),
    replace: (wanted) => edit((draft) => replace(draft, wanted, bounds)),

    importDevices: (csv, dryRun) => reportOf(edit((draft) => importDevices(draft, csv, dryRun, bounds))),
    takeOver: (devices, dryRun) => reportOf(edit((draft) => takeOver(draft, devices, dryRun, bounds))),
    exportDevices: (filter, isShown = () => true) =>
      [...exportDevices(book, select(book, filter).filter(isShown).toSorted(byId))].join(''),
    applyTemplate: (template, dryRun) => reportOf(edit((draft) => applyTemplate(draft, template, dryRun, bounds))),
    operate: (operation) => reportOf(edit((draft) => operate(draft, operation))),
    [Symbol.asyncDispose]: () => editor[Symbol.asyncDispose](),
  };
}

const byId = (one: DeviceRecord, other: DeviceRecord): number => (one.id < other.id ? -1 : 1);
