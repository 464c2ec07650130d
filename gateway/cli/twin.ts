import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { ShownTwin, TwinChange } from '../../contracts/twin.ts';
import type { TwinValue } from '../../contracts/twin-words.ts';
import { call, gatewayCommand, json, listed, print, rows, type GatewayOptions } from './call-gateway.ts';
import { wholeNumber } from './number.ts';

const lookEveryMs = 200;

const routeOf = (id: string): string => `/api/v1/devices/${encodeURIComponent(id)}/twin`;

interface SetOptions extends GatewayOptions {
  readonly ifVersion?: number;
  readonly wait?: boolean;
}

/** `portcullis twin`: how devices are and shall be. Talks to the running gateway. */
export function twinCommand(): Command {
  const twin = new Command('twin').description('Show how devices are and shall be, and say what they shall be.');

  gatewayCommand(twin, 'get <id>', 'Show what a device reported and what it shall be.').action(
    async (id: string, options: GatewayOptions) => {
      print(await call<ShownTwin>(options, 'GET', routeOf(id)), options, table);
    },
  );
  gatewayCommand(twin, 'set <id> <wishes...>', 'Say what a device shall be, like switch.state=on.')
    .addHelpText('after', '\nA wish is metric=value; on, off and numbers are known, and null takes a wish back.')
    .option('--if-version <n>', 'only if the twin still has this version', wholeNumber({ min: 0 }))
    .option('--wait', 'wait until nothing is to be done; exit 1 unless all was reached')
    .action(async (id: string, wishes: readonly string[], options: SetOptions) => {
      const desired = Object.fromEntries(wishes.map(wishIn));
      const { ifVersion: version } = options;
      let shown = await call<ShownTwin>(
        options,
        'PATCH',
        routeOf(id),
        json({ desired, ...(version !== undefined && { version }) }),
      );
      while (options.wait && Object.keys(shown.delta).length > 0) {
        await sleep(lookEveryMs);
        shown = await call<ShownTwin>(options, 'GET', routeOf(id));
      }
      print(shown, options, table);
      if (options.wait && Object.values(shown.desired).some(({ state }) => state === 'failed')) process.exitCode = 1;
    });
  gatewayCommand(twin, 'history <id>', 'Show what changed, the latest first.')
    .option('--limit <n>', 'how many changes', wholeNumber({ min: 1, max: 1_000 }), 100)
    .action(async (id: string, options: GatewayOptions & { readonly limit: number }) => {
      const query = new URLSearchParams({ limit: String(options.limit) });
      const path = `${routeOf(id)}/history?${query.toString()}`;
      const { changes } = await call<{ changes: TwinChange[] }>(options, 'GET', path);
      print(changes, options, (all) => listed(all.map(lineOf)));
    });
  return twin;
}

function wishIn(text: string): [string, TwinValue | null] {
  const [, metric, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (metric === undefined || value === undefined) {
    throw new PortcullisError('USAGE', `A wish is metric=value, not "${text.slice(0, 64)}".`);
  }
  if (value === 'null') return [metric, null];
  if (value === 'on' || value === 'true') return [metric, true];
  if (value === 'off' || value === 'false') return [metric, false];
  const number = Number(value);
  return [metric, Number.isFinite(number) ? number : value];
}

function table({ version, desired, reported }: ShownTwin): string {
  const metrics = [...new Set([...Object.keys(reported.state), ...Object.keys(desired)])].sort();
  const lines = metrics.map((metric) => {
    const [is, shall] = [reported.state[metric], desired[metric]];
    return [metric, show(is?.value), show(shall?.value), shall?.state, shall?.detail ?? ''];
  });
  return rows([['version', String(version)], ['metric', 'reported', 'desired', 'state', ''], ...lines]);
}

function lineOf({ at, event, metric, from, to, by, detail }: TwinChange): (string | undefined)[] {
  return [new Date(at).toISOString(), event, metric, show(from), show(to), by, detail ?? ''];
}

const show = (value: TwinValue | undefined): string | undefined => (value === undefined ? undefined : String(value));
