import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Firing, ShownRule, TrialReport } from '../../contracts/rule-shown.ts';
import { counted } from '../lib/counted.ts';
import { call, gatewayCommand, json, listed, print, rows, type GatewayOptions } from './call-gateway.ts';
import { timeIn } from './time.ts';
import { yamlIn } from './yaml-file.ts';

const route = '/api/v1/rules';
const routeOf = (id: string): string => `${route}/${encodeURIComponent(id)}`;

interface TryOptions extends GatewayOptions {
  readonly from: string;
  readonly to?: string;
}

/** `portcullis rules`: local decisions, and what they did. Talks to the running gateway. */
export function rulesCommand(): Command {
  const rules = new Command('rules').description('Show rules, try them on history, switch them on and off.');

  gatewayCommand(rules, 'list', 'Show all rules and how they are.').action(async (options: GatewayOptions) => {
    const { rules } = await call<{ rules: ShownRule[] }>(options, 'GET', route);
    print(rules, options, (all) => listed(all.map(lineOf)));
  });
  gatewayCommand(rules, 'show <id>', 'Show one rule as it is written.').action(
    async (id: string, options: GatewayOptions) => {
      print(await call<ShownRule>(options, 'GET', routeOf(id)), options, (one) => JSON.stringify(one, null, 2));
    },
  );
  gatewayCommand(rules, 'check <file>', 'Say what is wrong with a rule in a YAML file. Keeps nothing.').action(
    async (file: string, options: GatewayOptions) => {
      const checked = await call<{ loops: string[][]; warnings: string[] }>(
        options,
        'POST',
        `${route}/check`,
        json({ rule: await yamlIn(file) }),
      );
      print(checked, options, ({ loops, warnings }) =>
        ['The rule is valid.', ...loops.map(circle), ...warnings.map((one) => `Warning: ${one}`)].join('\n'),
      );
    },
  );
  gatewayCommand(rules, 'add <file>', 'Add the rule of a YAML file, or replace the one of the same id.').action(
    async (file: string, options: GatewayOptions) => {
      const body = json({ rule: await yamlIn(file) });
      print(await call<ShownRule>(options, 'POST', route, body), options, (one) => rows([lineOf(one)]));
    },
  );
  gatewayCommand(rules, 'remove <id>', 'Remove a rule of the site.').action(
    async (id: string, options: GatewayOptions) => {
      print(await call<object>(options, 'DELETE', routeOf(id)), options, () => `${id} is removed.`);
    },
  );
  for (const [name, enabled, description] of [
    ['enable <id>', true, 'Switch a rule on; ends the rest of one that was suspended.'],
    ['disable <id>', false, 'Switch a rule off; its alarms are over.'],
  ] as const) {
    gatewayCommand(rules, name, description).action(async (id: string, options: GatewayOptions) => {
      print(await call<ShownRule>(options, 'PATCH', routeOf(id), json({ enabled })), options, (one) =>
        rows([lineOf(one)]),
      );
    });
  }
  gatewayCommand(rules, 'try <rule>', 'Run a rule (an id, or a YAML file) over history; nothing is done.')
    .requiredOption('--from <time>', 'such as 2026-11-20T06:00, or 24h for so long ago')
    .option('--to <time>', 'now, when left out')
    .action(async (rule: string, options: TryOptions) => {
      const now = Date.now();
      const [from, to] = [timeIn(options.from, now), options.to === undefined ? now : timeIn(options.to, now)];
      const body = json({ rule: /\.ya?ml$/.test(rule) ? await yamlIn(rule) : rule, from, to });
      print(await call<TrialReport>(options, 'POST', `${route}/try`, body), options, trialText);
    });
  gatewayCommand(rules, 'firings <id>', 'Show when a rule fired, why, and what it did.').action(
    async (id: string, options: GatewayOptions) => {
      const { firings } = await call<{ firings: Firing[] }>(options, 'GET', `${routeOf(id)}/firings`);
      print(firings, options, (all) => listed(all.map(firingLine)));
    },
  );
  gatewayCommand(rules, 'flag [name] [on|off]', 'Show the flags of the house, or set one, such as armed.').action(
    async (name: string | undefined, to: string | undefined, options: GatewayOptions) => {
      if (to !== undefined && to !== 'on' && to !== 'off') throw new PortcullisError('USAGE', 'A flag is on or off.');
      const path = `${route}/flags`;
      const set = name !== undefined && to !== undefined;
      const { flags } = await (set
        ? call<{ flags: Record<string, boolean> }>(options, 'PATCH', path, json({ name, on: to === 'on' }))
        : call<{ flags: Record<string, boolean> }>(options, 'GET', path));
      const shown = Object.entries(flags).filter(([each]) => name === undefined || each === name);
      print(Object.fromEntries(shown), options, (all) =>
        listed(Object.entries(all).map(([each, on]) => [each, on ? 'on' : 'off'])),
      );
    },
  );
  return rules;
}

const circle = (ids: readonly string[]): string => `It makes a circle: ${[...ids, ids[0]].join(' → ')}`;

function lineOf({ id, from, state, because, active }: ShownRule): string[] {
  return [
    id,
    from,
    state,
    active.map(({ scope, case: name }) => `${scope}: ${name}`).join(', '),
    because?.split('\n', 1)[0] ?? '',
  ];
}

function firingLine({ at, scope, to, why, did }: Firing): string[] {
  const reasons = why.filter(({ holds }) => holds === true);
  const because = reasons.map(({ condition, values }) =>
    [condition, ...values.map(({ device, value }) => `${device} ${value}`)].join(' | '),
  );
  const deeds = did.map(({ does, to: whom, outcome, detail }) =>
    [does, whom, outcome, detail].filter(Boolean).join(' '),
  );
  return [new Date(at).toISOString(), scope, to ?? 'over', because.join('; '), deeds.join('; ')];
}

function trialText({ samples, devices, resolutionMs, firings, suspended, cutShort }: TrialReport): string {
  const slots = resolutionMs > 0 ? `, means of ${Math.round(resolutionMs / 1_000)} s in part` : '';
  return [
    `${counted(samples, 'sample')} of ${counted(devices, 'device')}${slots}: it would have fired ${counted(firings.length, 'time')}.`,
    ...(firings.length > 0 ? [rows(firings.map(firingLine))] : []),
    ...suspended.map(({ at, scope, why }) => `${new Date(at).toISOString()}\t${scope}\tsuspended: ${why}`),
    ...(cutShort === undefined ? [] : [cutShort]),
  ].join('\n');
}
