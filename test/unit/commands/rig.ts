import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { CommandState, CommandStatus, NewCommand } from '../../../contracts/command.ts';
import type { CommandProof } from '../../../contracts/command-proof.ts';
import type { PortcullisError } from '../../../contracts/errors.ts';
import type { Measurement } from '../../../contracts/message.ts';
import type { Outbound } from '../../../contracts/plugin.ts';
import type { DeviceDirectory } from '../../../contracts/registry.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import { openCommands, type Commands } from '../../../gateway/commands/open-commands.ts';
import type { CommandOptions } from '../../../gateway/commands/options.ts';
import { commandTables } from '../../../gateway/commands/tables.ts';
import { openLiveView } from '../../../gateway/live/open-live-view.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { openTables } from '../delivery/tuya/sqlite-table-store.ts';
import { VirtualTime } from '../delivery/virtual-time.ts';

const log = pino({ level: 'silent' });

/** One life of the commands over a store that may have seen others, before devices that exist on paper. */
export interface Rig {
  readonly commands: Commands;
  readonly store: TableStore;
  readonly clock: VirtualTime;
  /** What went out, in order, as `<topic> <payload>`. */
  readonly sent: readonly string[];
  /** The results in the log, as `<id> <state>`, with the origin behind it. */
  readonly results: readonly string[];
  /** Who hears; everybody when undefined. */
  present: Set<string> | undefined;
  /** What a publish fails with. */
  failure: PortcullisError | undefined;
  submit(id: string, more?: Partial<NewCommand>): Promise<CommandStatus>;
  say(device: string, more: Partial<Measurement>): Promise<void>;
  /** Waits until the command is in the state; resolves with all that is known of it. */
  becomes(id: string, state: CommandState): Promise<CommandStatus>;
  isSent(count: number): Promise<void>;
}

export interface RigOptions extends Partial<CommandOptions> {
  readonly store?: TableStore;
  readonly clock?: VirtualTime;
  readonly proof?: CommandProof;
}

export async function openRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const { store = ownStore(t), clock = new VirtualTime(), proof, ...rest } = options;
  const live = openLiveView({ log });
  const [sent, results]: [string[], string[]] = [[], []];
  const append = live.watch(async ({ measurements, writes }) => {
    await store.write(writes.filter(({ statement }) => statement.startsWith('commands.')));
    for (const one of measurements) {
      if (!('result' in one) || one.result === undefined) continue;
      const { command, state, origin = '' } = one.result;
      results.push(`${command} ${state} ${origin}`.trim());
    }
  });
  const encode = async (_plugin: string, name: string, { device, args }: { device: string; args: unknown }) => ({
    outbound: [{ topic: `${device}/${name}`, payload: JSON.stringify(args), qos: 1 } satisfies Outbound],
    proof,
  });
  const directory = {
    find: (id: string) => (id.startsWith('z2m:') ? { id, lifeCycle: 'ACTIVATED' } : undefined),
  } as unknown as Pick<DeviceDirectory, 'find'>;
  const known = [
    { name: 'switch', idempotent: true },
    { name: 'toggle', idempotent: false },
  ];
  const commands = await openCommands(
    { quietMs: 0, ...rest },
    {
      append,
      store,
      live,
      directory,
      plugins: () => [{ name: 'zigbee2mqtt', proto: 'z2m', commands: known }],
      encode,
      reaches: (topic) => rig.present?.has(topic.split('/')[0] ?? '') ?? true,
      publish: async ({ topic, payload }) => {
        sent.push(`${topic} ${payload}`);
        if (rig.failure !== undefined) throw rig.failure;
      },
      heed: () => undefined,
      log,
      clock,
    },
  );
  t.after(() => commands[Symbol.asyncDispose]());
  const rig: Rig = {
    commands,
    store,
    clock,
    sent,
    results,
    present: undefined,
    failure: undefined,
    submit: (id, more = {}) =>
      commands.submit({
        id,
        device: 'z2m:lamp',
        name: 'switch',
        args: { on: true },
        source: 'api',
        priority: 4,
        ttlMs: 60_000,
        ...more,
      }),
    say: (device, more) =>
      append({ measurements: [measurement(device, more)], filtered: [], deadLetters: [], writes: [] }),
    async becomes(id, state) {
      let status: CommandStatus | undefined;
      await waitUntil(`${id} is ${state}`, async () => {
        status = await commands.status(id);
        return status?.state === state;
      });
      return status as CommandStatus;
    },
    isSent: (count) => waitUntil(`${count} messages went out`, () => sent.length >= count),
  };
  return rig;
}

function ownStore(t: TestContext): TableStore {
  const store = openTables(commandTables);
  t.after(() => store[Symbol.dispose]());
  return store;
}

function measurement(device: string, more: Partial<Measurement>): Measurement {
  const base = { kind: 'state', cls: 'state', ts: 0, rts: 0, clk: 'gateway' } as const;
  return { ...base, dev: { id: device }, src: { proto: 'z2m', topic: 't' }, m: [], ...more };
}

/** Says that the switch is in the wanted place. */
export const isOn: Partial<Measurement> = { m: [{ n: 'switch.state', vb: true }] };

/** Says whether the device is there. */
export function here(present: boolean): Partial<Measurement> {
  return { kind: 'availability', m: [{ n: 'availability', vb: present }] };
}
