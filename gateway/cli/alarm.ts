import { Command } from 'commander';
import type { Alarm, AlarmLogEntry } from '../../contracts/alarms.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { call, gatewayCommand, json, print, rows, type GatewayOptions } from './call-gateway.ts';
import { listPlaces, placeAt } from './places.ts';

const route = '/api/v1/alarms';

interface ListOptions extends GatewayOptions {
  readonly all?: boolean;
  readonly place?: string;
  readonly severity?: string;
  readonly state?: string;
}
type NoteOptions = GatewayOptions & { readonly note?: string };

/** `portcullis alarm`: what a person must know about, and what was done with it. Talks to the running gateway. */
export function alarmCommand(): Command {
  const alarm = new Command('alarm').description('Show alarms, and acknowledge, clear, shelve or comment on them.');

  gatewayCommand(alarm, 'list', 'Show the alarms that are not cleared.')
    .option('--all', 'also those that were cleared, the newest first')
    .option('--place <path>', 'in a place, with everything in it')
    .option('--severity <severity>', 'low, medium, high or critical')
    .option('--state <state>', 'raised, acknowledged, returned or cleared')
    .action(async (options: ListOptions) => print(await list(options), options, table(await pathsOf(options))));
  gatewayCommand(alarm, 'show <id>', 'Show one alarm, and who did what with it.').action(
    async (id: string, options: GatewayOptions) => {
      const shown = await call<Alarm & { log: AlarmLogEntry[] }>(options, 'GET', `${route}/${await idOf(options, id)}`);
      print(shown, options, ({ log, ...one }) =>
        [table(new Map())([one]), rows(log.map(({ at, op, by, note }) => [timeOf(at), op, by, note]))].join('\n'),
      );
    },
  );
  const deeds = [
    ['ack <id>', 'acknowledge', 'Say that somebody has seen an alarm.'],
    ['clear <id>', 'clear', 'Say that it is over.'],
  ] as const;
  for (const [name, does, description] of deeds) {
    gatewayCommand(alarm, name, description)
      .option('--note <text>', 'why')
      .action((id: string, options: NoteOptions) => act(options, id, does, {}));
  }
  gatewayCommand(alarm, 'shelve <id> <minutes>', 'Tell nobody of an alarm for so long; 0 takes it off the shelf.')
    .option('--note <text>', 'why')
    .action((id: string, minutes: string, options: NoteOptions) =>
      act(options, id, 'shelve', { minutes: Number(minutes) }),
    );
  gatewayCommand(alarm, 'comment <id> <text>', 'Add a comment to the log of an alarm.').action(
    (id: string, note: string, options: GatewayOptions) => act({ ...options, note }, id, 'comment', {}),
  );
  return alarm;
}

async function list(options: ListOptions): Promise<Alarm[]> {
  const { all, place, severity, state } = options;
  const query = new URLSearchParams({
    ...(all && { all: 'true' }),
    ...(place && { place: (await placeAt(options, place)).id }),
    ...(severity && { severity }),
    ...(state && { state }),
  });
  return (await call<{ alarms: Alarm[] }>(options, 'GET', `${route}?${query.toString()}`)).alarms;
}

async function act(options: NoteOptions, id: string, does: string, more: object): Promise<void> {
  const { note } = options;
  const path = `${route}/${await idOf(options, id)}/${does}`;
  const alarm = await call<Alarm>(options, 'POST', path, json({ ...more, ...(note && { note }) }));
  print(alarm, options, ({ code, subject, state, shelvedUntil }) => {
    const shelf = shelvedUntil === undefined ? '' : `, shelved until ${timeOf(shelvedUntil)}`;
    return `${code} of ${subject} is ${state}${shelf}.`;
  });
}

/** An id, or as much of its beginning as names one alarm that is open. */
async function idOf(options: GatewayOptions, beginning: string): Promise<string> {
  const { alarms } = await call<{ alarms: Alarm[] }>(options, 'GET', route);
  const found = alarms.filter(({ id }) => id.startsWith(beginning));
  if (found.length > 1) throw new PortcullisError('USAGE', `"${beginning}" is the beginning of several alarms.`);
  return encodeURIComponent(found[0]?.id ?? beginning);
}

async function pathsOf(options: GatewayOptions): Promise<ReadonlyMap<string, string>> {
  return options.json ? new Map() : new Map((await listPlaces(options)).map(({ id, path }) => [id, path]));
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

function table(paths: ReadonlyMap<string, string>): (alarms: readonly Alarm[]) => string {
  return (alarms) =>
    rows(
      alarms.map(({ id, severity, state, code, subject, place, count, since, shelvedUntil, detail }) => [
        id.slice(0, 8),
        severity,
        shelvedUntil === undefined ? state : `${state}, shelved`,
        code,
        subject,
        place && (paths.get(place) ?? place),
        `${count}x`,
        timeOf(since),
        detail,
      ]),
    );
}
