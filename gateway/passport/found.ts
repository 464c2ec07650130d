import { configurationInPassport, type Manifest, type PassportFound } from '../../contracts/passport.ts';

/** A rule is one file, in the data folder or in a folder that the configuration names. */
const rule = /^data\/(?:configuration\/)?rules\/[^/.][^/]*\.yaml$/;
/** A plugin is a folder or a bundle; what is kept for the way back begins with a dot. */
const plugin = /^data\/configuration\/plugins\/(?<name>[^/.][^/]*)/;
const bundle = /^data\/[^.]*\/(?<name>[^/.][^/]*)\.plugin\.tgz$/;

/** What a passport holds, in numbers for people; the proof has read each of them from what was restored. */
export function foundIn({ gateway, epoch, version, madeAt, contents, files }: Manifest): PassportFound {
  const { tables, sinks } = contents;
  const rows = (table: string): number => tables[table] ?? 0;
  const plugins = files.flatMap(({ path }) => (plugin.exec(path) ?? bundle.exec(path))?.groups?.['name'] ?? []);
  return {
    gateway,
    epoch,
    version,
    madeAt,
    isConfigured: files.some(({ path }) => path === configurationInPassport),
    devices: rows('registry_devices'),
    places: rows('registry_places'),
    twins: rows('twins'),
    credentials: rows('mqtt_credentials'),
    accounts: rows('access_accounts'),
    flows: rows('flows_documents'),
    rules: files.filter(({ path }) => rule.test(path)).length,
    plugins: new Set(plugins).size,
    sinks: sinks.map(({ sink, buffered, balanced }) => ({ sink, buffered, balanced })),
  };
}
