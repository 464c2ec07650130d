import type { Logger } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { SerialPorts } from '../../../contracts/handles.ts';
import type { Ingest } from '../../../contracts/pipeline.ts';
import type { Outbound, SerialPoll } from '../../../contracts/plugin.ts';
import type { Clock } from '../../lib/clock.ts';
import { openFeed, type Feed } from '../feed.ts';
import { findAdapter, listAdapters, systemPlaces, type Adapter, type AdapterPlaces } from './adapters.ts';
import { openHotplug } from './hotplug.ts';
import { keepOpen, type KeptPort, type PortState } from './keep-open.ts';
import { lendPorts } from './lend-ports.ts';
import { linePort } from './line-port.ts';
import { ModbusMaster } from './modbus-master.ts';
import { serialLimits, type SerialPortOptions } from './options.ts';

export interface SerialDeps {
  readonly ingest: Ingest;
  readonly clock: Clock;
  readonly log: Logger;
  readonly places?: AdapterPlaces | undefined;
}

export interface SerialPortStatus {
  readonly port: string;
  readonly state: PortState;
  /** With `modbus-rtu`: the stations that are asked, and which of them answer. */
  readonly stations: readonly { readonly station: string; readonly isOnline: boolean }[];
}

/** An adapter that is plugged in now, and the port of the configuration that means it. */
export interface PresentAdapter extends Adapter {
  readonly usedBy: string | undefined;
}

/** The serial lines of the configuration. Close it before ingest. */
export interface SerialTransport extends AsyncDisposable {
  status(): readonly SerialPortStatus[];
  /** Every adapter that is plugged in now, also those that the configuration does not name. */
  present(): Promise<readonly PresentAdapter[]>;
  /** Hands a message with a topic `serial/<port>/…` to its port, see `ModbusMaster.send`. */
  send(outbound: Outbound): Promise<void>;
  /** The other adapters, for plugins that were granted one. */
  readonly ports: SerialPorts;
}

interface OpenPort {
  readonly options: SerialPortOptions;
  readonly kept: KeptPort;
  readonly master: ModbusMaster | undefined;
}

/** Never fails for a device: a port that is missing is waited for. Throws CONFIG_INVALID for a poll without its port. */
export function openSerial(
  ports: readonly SerialPortOptions[],
  polls: readonly SerialPoll[],
  { ingest, clock, log, places = systemPlaces }: SerialDeps,
): SerialTransport {
  for (const { port, topic } of polls) assertModbusPort(ports, port, topic);
  const stack = new AsyncDisposableStack();
  const list = () => listAdapters(places);
  const userOf = (adapter: Adapter): string | undefined =>
    ports.find(({ adapter: match }) => {
      const found = findAdapter(match, [adapter]);
      return found.is === 'found' && found.path === adapter.path;
    })?.name;
  const hotplug = ports.length === 0 ? undefined : stack.use(openHotplug(places.dev, log));
  const open = new Map<string, OpenPort>();
  for (const options of ports) {
    if (hotplug === undefined) break;
    const { maxWaitingBytes } = serialLimits;
    const feed = stack.use(openFeed({ stage: 'serial', maxWaitingBytes }, { ingest, log }));
    const own = polls.filter(({ port }) => port === options.name);
    const { master, events, listener } = speaker(options, own, { feed, clock, log });
    const kept = stack.use(keepOpen(options, events, { log, hotplug, list }));
    // Whoever speaks on the line ends before the line does.
    stack.use(listener);
    open.set(options.name, { options, kept, master });
  }
  return {
    status: () =>
      [...open.values()].map(({ options, kept, master }) => ({
        port: options.name,
        state: kept.state,
        stations: [...(master?.presence() ?? [])].map(([station, presence]) => ({
          station,
          isOnline: presence === 'online',
        })),
      })),
    async send(outbound) {
      const master = open.get(outbound.topic.split('/')[1] ?? '')?.master;
      if (master !== undefined) return master.send(outbound);
      throw new PortcullisError('COMMAND_INVALID', `No port with stations belongs to ${outbound.topic}.`);
    },
    present: async () => (await list()).map((adapter) => Object.assign({ usedBy: userOf(adapter) }, adapter)),
    ports: lendPorts(list, (adapter) => userOf(adapter) !== undefined),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function speaker(
  options: SerialPortOptions,
  polls: readonly SerialPoll[],
  deps: { readonly feed: Feed; readonly clock: Clock; readonly log: Logger },
) {
  if (options.protocol.as === 'modbus-rtu') {
    const master = new ModbusMaster(options, polls, deps).start();
    return { master, events: master.events, listener: master };
  }
  const port = linePort(options, options.protocol, deps);
  return { master: undefined, events: port.events, listener: port };
}

function assertModbusPort(ports: readonly SerialPortOptions[], port: string, topic: string): void {
  if (ports.some(({ name, protocol }) => name === port && protocol.as === 'modbus-rtu')) return;
  const says = `A plugin wants to ask ${topic}, but serial.ports.${port} is no port with the protocol modbus-rtu.`;
  throw new PortcullisError('CONFIG_INVALID', says);
}
