import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Alarm, AlarmLogEntry } from '../../contracts/alarms.ts';
import type { ShownNotice } from '../../contracts/contacts.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { call, gatewayCommand, json, listed, print, rows, type GatewayOptions } from './call-gateway.ts';
import { wholeNumber } from './number.ts';
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
      const paths = await pathsOf(options);
      print(shown, options, ({ log, ...one }) =>
        [table(paths)([one]), rows(log.map(({ at, op, by, note }) => [timeOf(at), op, by, note]))].join('\n'),
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
      .action((id: string, options: NoteOptions) => act(options, id, does, {}, nowIs));
  }
  gatewayCommand(alarm, 'shelve <id>', 'Tell nobody of an alarm for so long; 0 takes it off the shelf.')
    .argument('<minutes>', '30 days at most', wholeNumber({ min: 0, max: 30 * 1_440 }))
    .option('--note <text>', 'why')
    .action((id: string, minutes: number, options: NoteOptions) =>
      act(options, id, 'shelve', { minutes }, minutes === 0 ? offTheShelf : nowIs),
    );
  gatewayCommand(alarm, 'comment <id> <text>', 'Add a comment to the log of an alarm.').action(
    (id: string, note: string, options: GatewayOptions) => act({ ...options, note }, id, 'comment', {}, commented),
  );
  gatewayCommand(alarm, 'test', 'Raise an alarm TEST, show who is told of it and how that went, and clear it.')
    .option('--severity <severity>', 'low, medium, high or critical', 'high')
    .option('--place <path>', 'where; without it those are told who are told of the gateway itself')
    .option('--seconds <seconds>', 'how long to wait for the channels', wholeNumber({ min: 0 }), 30)
    .action(test);
  return alarm;
}

type TestOptions = GatewayOptions & { readonly severity: string; readonly place?: string; readonly seconds: number };

async function test(options: TestOptions): Promise<void> {
  const { severity, place, seconds } = options;
  const where = place === undefined ? {} : { place: (await placeAt(options, place)).id };
  // A subject of its own: the same one again so soon would count as flapping.
  const wish = {
    code: 'TEST',
    subject: `test-${Date.now()}`,
    severity,
    detail: 'A test: nothing is wrong.',
    latched: false,
  };
  const { id } = await call<Alarm>(options, 'POST', route, json({ ...wish, ...where }));
  const told = await toldOf(options, id, seconds * 1_000);
  await call(options, 'POST', `${route}/${id}/clear`, json({}));
  const nobody =
    'Nobody is told: "portcullis contact list" shows who has a way, "portcullis group list" who is responsible.';
  print(told, options, (all) =>
    all.length === 0 ? nobody : rows(all.map(({ who, channel, state, error }) => [who, channel, state, error])),
  );
  if (told.length === 0 || told.some(({ state }) => state !== 'sent')) process.exitCode = 1;
}

/** Those who are told now; who would be told later if nobody acknowledged is not waited for. */
async function toldOf(options: GatewayOptions, alarm: string, forMs: number): Promise<ShownNotice[]> {
  const giveUpAt = performance.now() + forMs;
  for (;;) {
    const path = `/api/v1/notifications?alarm=${alarm}`;
    const { notifications } = await call<{ notifications: ShownNotice[] }>(options, 'GET', path);
    const now = notifications.filter(({ why }) => why === 'raised');
    if (now.every(({ state }) => state !== 'waiting') || performance.now() > giveUpAt) return now;
    await sleep(200);
  }
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

async function act(
  options: NoteOptions,
  id: string,
  does: string,
  more: object,
  sentence: (alarm: Alarm) => string,
): Promise<void> {
  const { note } = options;
  const path = `${route}/${await idOf(options, id)}/${does}`;
  const alarm = await call<Alarm>(options, 'POST', path, json({ ...more, ...(note && { note }) }));
  print(alarm, options, sentence);
}

function nowIs({ code, subject, state, shelvedUntil }: Alarm): string {
  const shelf = shelvedUntil === undefined ? '' : `, shelved until ${timeOf(shelvedUntil)}`;
  return `${code} of ${subject} is ${state}${shelf}.`;
}

const offTheShelf = ({ code, subject, state }: Alarm): string =>
  `${code} of ${subject} is off the shelf; it is ${state}.`;
const commented = ({ code, subject }: Alarm): string => `The comment is in the log of ${code} of ${subject}.`;

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
    listed(
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
