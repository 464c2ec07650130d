import { parse } from 'yaml';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';

/** What the one who wrote the card answered to Raspberry Pi Imager. */
export interface Answers {
  readonly hostname?: string | undefined;
  readonly timezone?: string | undefined;
  readonly user?: Account | undefined;
  readonly ssh: { readonly on: boolean; readonly passwords: boolean };
  readonly wifi?: Wifi | undefined;
}

export interface Account {
  readonly name: string;
  /** As `/etc/shadow` has it; without one nobody logs in by password. */
  readonly passwordHash?: string | undefined;
  readonly groups: readonly string[];
  readonly keys: readonly string[];
  /** Becomes root without a password. */
  readonly isTrusted: boolean;
}

export interface Wifi {
  readonly interface: string;
  /** Two letters; which channels are allowed. */
  readonly country?: string | undefined;
  readonly networks: readonly {
    readonly ssid: string;
    readonly hidden: boolean;
    /** Without one the network is open. */
    readonly password: string | undefined;
  }[];
}

const maxBytes = 65_536;
const hostname = z.coerce.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/);
const word = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/);
/** One line of text: nothing in it can become a second line of a file that is written of it. */
const line = z
  .string()
  .min(1)
  .max(8_192)
  .regex(/^\P{Cc}+$/u);
/** The groups come as a list, or as one text with commas. */
const groups = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((text) => text.split(',').map((name) => name.trim())))
  .pipe(z.array(word).max(64));

const account = z
  .object({
    name: word,
    passwd: z
      .string()
      .regex(/^\$[0-9a-z]+\$[^\s:]{1,500}$/)
      .optional(),
    groups: groups.default([]),
    ssh_authorized_keys: z.array(line).max(32).default([]),
    sudo: z.unknown(),
  })
  .transform(({ name, passwd, groups, ssh_authorized_keys, sudo }): Account => ({
    name,
    passwordHash: passwd,
    groups,
    keys: ssh_authorized_keys,
    isTrusted: JSON.stringify(sudo ?? '').includes('NOPASSWD'),
  }));

/** cloud-init's words, as far as Imager writes them; the others (packages, runcmd …) are left aside. */
const userData = z
  .object({
    hostname: hostname.optional(),
    timezone: z
      .string()
      .regex(/^[A-Za-z0-9_+-]{1,40}(?:\/[A-Za-z0-9_+-]{1,40}){0,2}$/)
      .optional(),
    users: z.array(z.union([z.literal('default'), account])).default([]),
    enable_ssh: z.boolean().default(false),
    ssh_pwauth: z.boolean().default(false),
  })
  .transform(({ hostname, timezone, users, enable_ssh, ssh_pwauth }) => ({
    hostname,
    timezone,
    user: users.find((user) => user !== 'default'),
    ssh: { on: enable_ssh, passwords: ssh_pwauth },
  }));

/** Either a passphrase or the key that Imager made of it (64 hexadecimal digits). */
const password = z.string().regex(/^(?:[\x20-\x7e]{8,63}|[0-9a-fA-F]{64})$/);
const accessPoint = z.object({ hidden: z.boolean().default(false), password: password.or(z.literal('')).optional() });
const wlan = z.object({
  'regulatory-domain': z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  'access-points': z.record(
    z.string().refine((ssid) => Buffer.byteLength(ssid) <= 32),
    accessPoint.nullable(),
  ),
});
const netplan = z
  .object({ wifis: z.record(z.string().regex(/^wl[a-z0-9]{1,12}$/), wlan).optional() })
  .transform(({ wifis = {} }): Wifi | undefined => {
    const [name, settings] = Object.entries(wifis)[0] ?? [];
    if (name === undefined || settings === undefined) return undefined;
    const networks = Object.entries(settings['access-points']).map(([ssid, point]) => ({
      ssid,
      hidden: point?.hidden ?? false,
      password: point?.password || undefined,
    }));
    return { interface: name, country: settings['regulatory-domain'], networks };
  });
/** Since 2025 under the key `network`, before it at the top. */
const networkConfig = z
  .record(z.string(), z.unknown())
  .transform((file) => file['network'] ?? file)
  .pipe(netplan);

/** What `user-data` says. Throws CONFIG_INVALID for what Imager would not write. */
export const readUserData = (text: string): Omit<Answers, 'wifi'> => read('user-data', text, userData);

/** The wireless network of `network-config`; wired ones need no settings. Throws CONFIG_INVALID. */
export const readNetworkConfig = (text: string): Wifi | undefined => read('network-config', text, networkConfig);

function read<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.output<Schema> {
  if (text.length > maxBytes) throw refused(file, `it is longer than ${maxBytes} bytes`);
  let content: unknown;
  try {
    content = parse(text, { maxAliasCount: 0 }) ?? {};
  } catch {
    throw refused(file, 'it is not YAML');
  }
  const { success, data, error } = schema.safeParse(content);
  // The complaint names the place, never the value: that may be a password.
  if (!success) throw refused(file, `${error.issues[0]?.path.join('.') || 'the whole'} is not understood`);
  return data;
}

const refused = (file: string, why: string): PortcullisError =>
  new PortcullisError('CONFIG_INVALID', `${file} is not taken over: ${why}. Write the card again.`);
