import type { Alarm } from '../../../../contracts/alarms.ts';
import type { Device, LedgerLine, Sink, TwinList } from '../asking/types.ts';
import { counted, number, when } from '../parts/words.ts';
import { hrefOf } from '../route.ts';

/** Something that is wrong now, in a sentence, and what to do about it. */
export interface Matter {
  readonly key: string;
  readonly tone: 'bad' | 'warn';
  readonly what: string;
  readonly since?: number;
  readonly todo: string;
  readonly href: string;
  /** Where the link leads. */
  readonly to: string;
  /** Its id, where one device is silent: how its battery was helps to say why. */
  readonly silent?: string;
}

/** What helps, by the code of the alarm; the sentence itself comes from the gateway. */
const cures: Readonly<Record<string, readonly [todo: string, way: string, to: string]>> = {
  'disk-full': [
    'Nothing is taken from devices until there is room. Free space on the card or use a larger one.',
    'system',
    'System',
  ],
  'buffer-corrupt': [
    'What could be read was saved and the gateway goes on. Replace the card soon.',
    'sync',
    'Delivery',
  ],
  'buffer-writer': ['If it stays, restart the gateway and check the card.', 'system', 'System'],
  'serial-port-missing': ['Plug the adapter in; it is found again by itself.', 'system', 'System'],
  'gpio-line-missing': ['Check the pin name in the configuration and the wiring.', 'system', 'System'],
  plugin_refused: ['It does not run. See what was found, and how to mend it.', 'trust', 'Plugins'],
  plugin_quarantined: [
    'It ended too often and was stopped. Install its version before, or a newer one.',
    'trust',
    'Plugins',
  ],
  'config-broken': [
    'The last good configuration runs. Correct the file; it is read at the next start.',
    'system',
    'System',
  ],
  'registry-full': ['Remove devices that are gone.', 'devices', 'Devices'],
  COMMAND_NOT_DONE: ['Look at the device itself before you try again.', 'devices', 'Devices'],
};
const cloudCure = [
  'Data waits on the card and is sent when this is over. Nothing is lost.',
  'sync',
  'Delivery',
] as const;
const otherCure = ['Open the alarm to say that you have seen it.', 'alarms', 'Alarms'] as const;

function ofAlarm({ code, subject, detail, since, severity, state }: Alarm): Matter {
  const [todo, way, to] = cures[code] ?? (/cloud|sink|tuya|kafka/i.test(code) ? cloudCure : otherCure);
  return {
    key: `${code} ${subject}`,
    tone: severity === 'low' || state !== 'raised' ? 'warn' : 'bad',
    what: detail || `${code}: ${subject}`,
    since,
    todo,
    href: hrefOf(way),
    to,
  };
}

function ofSink({ sink, outage, reason }: Sink, buffered: number): Matter | undefined {
  if (!outage) return undefined;
  return {
    key: `sink ${sink}`,
    tone: 'warn',
    what: `${sink} cannot be reached${reason === undefined ? '' : `: ${reason}`}`,
    todo: `The house goes on. ${counted(buffered, 'record')} wait on the card and are sent by themselves.`,
    href: hrefOf('sync'),
    to: 'Delivery',
  };
}

function ofRejected(devices: readonly Device[]): Matter[] {
  return devices
    .filter(({ lifeCycle }) => lifeCycle === 'REJECTED')
    .map(({ id, name, refusal }) => ({
      key: `rejected ${id}`,
      tone: 'warn' as const,
      what: `The cloud refused ${name}${refusal ? `: ${refusal.reason}` : '.'}`,
      todo: refusal?.suggestion ?? 'Open the device and offer it again.',
      href: hrefOf('devices', id),
      to: name,
    }));
}

/** More of them at once have one cause. */
const mostNamed = 4;

function ofSilent(devices: readonly Device[], { twins }: TwinList): Matter[] {
  const away = new Map(
    twins.flatMap(({ device, state: { availability } }) =>
      availability?.value === false ? [[device, availability.at] as const] : [],
    ),
  );
  const silent = devices.filter(({ id, lifeCycle }) => lifeCycle !== 'DECOMMISSIONED' && away.has(id));
  if (silent.length > mostNamed) {
    const names = silent.slice(0, mostNamed).map(({ name }) => name);
    return [
      {
        key: 'silent',
        tone: 'bad',
        what: `${counted(silent.length, 'device')} are silent: ${names.join(', ')} and others`,
        todo: 'So many at once have one cause: look at the bridge, the access point or the power.',
        href: hrefOf('devices'),
        to: 'Devices',
      },
    ];
  }
  return silent.map(({ id, name }) => ({
    key: `silent ${id}`,
    tone: 'warn',
    what: `${name} is silent`,
    since: away.get(id) ?? 0,
    todo: 'Look whether it has power and is in reach.',
    href: hrefOf('devices', id),
    to: name,
    silent: id,
  }));
}

/** Everything that is wrong, what hurts most first. */
export function mattersOf(known: {
  readonly alarms: readonly Alarm[];
  readonly sinks: readonly Sink[];
  readonly ledger: readonly LedgerLine[];
  readonly devices: readonly Device[];
  readonly twins: TwinList;
}): Matter[] {
  const said = new Set(known.alarms.map(({ subject }) => subject));
  const buffered = (sink: string): number => known.ledger.find((line) => line.sink === sink)?.buffered ?? 0;
  const unbalanced = known.ledger.filter(({ balanced }) => !balanced);
  return [
    ...unbalanced.map(({ sink }) => ({
      key: `ledger ${sink}`,
      tone: 'bad' as const,
      what: `The ledger of ${sink} does not balance: a record is not accounted for.`,
      todo: 'Save a support bundle and tell the maker. This must never happen.',
      href: hrefOf('sync'),
      to: 'Delivery',
    })),
    ...known.alarms.filter(({ shelvedUntil }) => shelvedUntil === undefined).map(ofAlarm),
    ...known.sinks.flatMap((sink) => (said.has(sink.sink) ? [] : (ofSink(sink, buffered(sink.sink)) ?? []))),
    ...ofSilent(known.devices, known.twins),
    ...ofRejected(known.devices),
  ];
}

/** What is fine, in one line. */
export function fineLine(devices: readonly Device[], ledger: readonly LedgerLine[], sinks: readonly Sink[]): string {
  const living = devices.filter(({ lifeCycle }) => lifeCycle !== 'DECOMMISSIONED').length;
  const accepted = Math.max(0, ...ledger.map((line) => line.accepted));
  const isBalanced = ledger.every(({ balanced }) => balanced);
  const parts = [
    counted(living, 'device'),
    ledger.length > 0 && isBalanced && `all ${number(accepted)} records accounted for`,
    ...sinks.filter(({ outage }) => !outage).map(({ sink }) => `${sink} takes everything`),
  ];
  return parts.filter((part) => part !== false).join(', ');
}

export const sinceText = (since: number | undefined): string => (since === undefined ? '' : `since ${when(since)}`);
