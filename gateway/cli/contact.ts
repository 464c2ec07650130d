import { Command } from 'commander';
import type { Contact } from '../../contracts/contacts.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { call, gatewayCommand, json, listed, print, rows, type GatewayOptions } from './call-gateway.ts';
import { wholeNumber } from './number.ts';

const route = '/api/v1/contacts';

interface SetOptions extends GatewayOptions {
  readonly way: string[];
  readonly least?: string;
  readonly quiet?: string;
  readonly through?: string;
  readonly digest?: number;
  readonly escalate?: string[];
}

/** `portcullis contact`: how people and groups are told of alarms. Talks to the running gateway. */
export function contactCommand(): Command {
  const contact = new Command('contact').description('Show and change how people and groups are told of alarms.');

  gatewayCommand(contact, 'list', 'Show every contact.').action(async (options: GatewayOptions) => {
    const { contacts } = await call<{ contacts: Contact[] }>(options, 'GET', route);
    print(contacts, options, (all) => listed(all.map(lineOf)));
  });
  gatewayCommand(contact, 'set <name>', 'Add a person or group, or say anew how they are told.')
    .requiredOption(
      '--way <channel:address...>',
      'like mail:ann@example.org; a channel with one target needs no address',
    )
    .option('--least <severity>', 'tell nothing less severe')
    .option('--quiet <from-to>', 'quiet hours like 22:00-07:00')
    .option('--digest <minutes>', 'gather what comes within so many minutes', wholeNumber({ min: 1 }))
    .option('--through <severity>', 'from here on neither quiet hours nor digest hold anything back')
    .option('--escalate <minutes:name...>', 'who else is told while nobody acknowledges, like 15:Managers')
    .action(async (name: string, options: SetOptions) => {
      const wish = wishOf(name, options);
      print(await call<Contact>(options, 'POST', route, json(wish)), options, (said) => rows([lineOf(said)]));
    });
  gatewayCommand(contact, 'remove <name>', 'Remove a contact.').action(
    async (name: string, options: GatewayOptions) => {
      const removed = await call<Contact>(options, 'DELETE', `${route}/${encodeURIComponent(name)}`);
      print(removed, options, () => `${name} is removed.`);
    },
  );
  return contact;
}

function wishOf(name: string, { way, least, quiet, through, digest, escalate }: SetOptions): object {
  const [from, to] = quiet?.split('-') ?? [];
  return {
    name,
    ways: way.map((each) => {
      const [channel, to] = cut(each);
      return { channel, to };
    }),
    ...(least && { least }),
    ...(quiet && { quiet: { from, to } }),
    ...(through && { through }),
    ...(digest !== undefined && { digestMinutes: digest }),
    ...(escalate && {
      escalation: escalate.map((each) => {
        const [minutes, to] = cut(each);
        if (to === '') throw new PortcullisError('USAGE', `--escalate ${each}: write minutes:name, like 15:Managers.`);
        return { afterMinutes: Number(minutes), to };
      }),
    }),
  };
}

function cut(text: string): [before: string, behind: string] {
  const at = text.indexOf(':');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

const lineOf = ({ name, ways, least, quiet, digestMinutes, through, escalation }: Contact): (string | undefined)[] => [
  name,
  ways.map(({ channel, to }) => (to === '' ? channel : `${channel}:${to}`)).join(', '),
  `from ${least}`,
  quiet && `quiet ${quiet.from}-${quiet.to} below ${through}`,
  digestMinutes === undefined ? undefined : `digest ${digestMinutes} min`,
  escalation.map(({ afterMinutes, to }) => `${afterMinutes} min: ${to}`).join(', ') || undefined,
];
