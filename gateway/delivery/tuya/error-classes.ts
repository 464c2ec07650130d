import { certificateDates, certificateTrust } from '../certificate-codes.ts';

/** What kind of trouble an answer (or its absence) is: each kind has its own rule below. */
export type ErrorClass =
  | 'token'
  | 'clock'
  | 'credentials'
  | 'permission'
  | 'quota'
  | 'throttle'
  | 'duplicate'
  | 'input'
  | 'offline'
  | 'gone'
  | 'unsupported'
  | 'device'
  | 'gateway'
  | 'fenced'
  | 'partial'
  | 'time'
  | 'certificate'
  | 'transport'
  | 'unknown';

export interface Rule {
  /** What becomes of the records of the call, once the class' own cure (see client.ts, devices.ts) has failed. */
  readonly effect: 'accept' | 'reject' | 'keep';
  /** The trouble concerns account or link: nothing more is sent, and the sink rests; `transient` is a backoff step. */
  readonly pause?: number | 'transient' | 'stopped';
  /** Told as an alarm, with the sentence a person needs. */
  readonly alarm?: { readonly code: string; readonly detail: string };
}

const hourMs = 3_600_000;

/**
 * An account or transport error never rejects a device or a record: data keeps buffering until it is mended.
 * `offline` and `gone` have a cure (device-run.ts); what the cloud still refuses after it is a dead letter, so that one
 * device cannot hold up the others. `unknown` is kept, and becomes a dead letter after a few tries of the same record.
 * A 1113 is an answer to an id that only this record has: an earlier try of ours arrived.
 */
export const rules: Readonly<Record<ErrorClass, Rule>> = {
  token: { effect: 'keep', pause: 'transient' },
  clock: {
    effect: 'keep',
    pause: 'transient',
    alarm: { code: 'CLOUD_CLOCK', detail: 'The cloud refuses our time although it was corrected.' },
  },
  credentials: {
    effect: 'keep',
    pause: 'stopped',
    alarm: {
      code: 'CLOUD_CREDENTIALS',
      detail: 'The cloud refuses client id or secret. Check both and the region of the endpoint, then resume the sink.',
    },
  },
  permission: {
    effect: 'keep',
    alarm: {
      code: 'CLOUD_PERMISSION',
      detail: 'The cloud project may not use this API. Subscribe to it, or renew the plan.',
    },
  },
  quota: {
    effect: 'keep',
    pause: 2 * hourMs,
    alarm: { code: 'CLOUD_QUOTA', detail: 'The calls of the plan are used up. Data waits in the buffer.' },
  },
  throttle: { effect: 'keep', pause: 'transient' },
  duplicate: { effect: 'accept' },
  input: { effect: 'reject' },
  offline: { effect: 'reject' },
  gone: { effect: 'reject' },
  unsupported: { effect: 'reject' },
  device: { effect: 'reject' },
  gateway: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'CLOUD_GATEWAY_REFUSED',
      detail:
        'The cloud refuses the gateway itself, and so all devices behind it. Check gatewayProductId, then resume.',
    },
  },
  /** The fence tells the alarm, for all sinks together. */
  fenced: { effect: 'keep', pause: 'stopped' },
  partial: { effect: 'keep', pause: 'transient' },
  time: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'CLOUD_WAITING_FOR_TIME',
      detail: 'The certificate is not valid at the time of our clock: waiting for time, or for another certificate.',
    },
  },
  certificate: {
    effect: 'keep',
    pause: 'transient',
    alarm: {
      code: 'CLOUD_CERTIFICATE',
      detail: 'The certificate is for another host, or of an authority that cloud.tuya.ca does not name.',
    },
  },
  transport: { effect: 'keep', pause: 'transient' },
  unknown: {
    effect: 'keep',
    alarm: { code: 'CLOUD_UNKNOWN_ANSWER', detail: 'The cloud answers with a code that is not documented.' },
  },
};

/**
 * Tuya, "Global Error Codes"; 28841xxx are those of the cloud plans; 2121 to 2124 those of batch reports (TuyaLink);
 * 2131 is the local cloud's own.
 * 1108, a path that the cloud does not have, says nothing about a record: it stands with the APIs that are not ours.
 */
const classes: Readonly<Record<ErrorClass, readonly number[]>> = {
  token: [1002, 1010, 1011, 1012, 1400],
  clock: [1013],
  credentials: [1001, 1003, 1004, 1005, 1006],
  permission: [1106, 1108, 28841001, 28841002, 28841101, 28841105, 28841106],
  quota: [28841004],
  throttle: [500, 1110, 1111, 1199],
  duplicate: [1113],
  input: [1000, 1100, 1101, 1102, 1103, 1104, 1107, 1109],
  offline: [2001],
  gone: [2010],
  unsupported: [2003, 2008, 2009],
  device: [2005, 2006, 2007],
  gateway: [],
  fenced: [2131],
  partial: [2121, 2122, 2123, 2124],
  time: [],
  certificate: [],
  transport: [],
  unknown: [],
};

const byCode = new Map<number, ErrorClass>();
for (const [name, codes] of Object.entries(classes)) for (const code of codes) byCode.set(code, name as ErrorClass);

export function classOfCode(code: number): ErrorClass {
  return byCode.get(code) ?? 'unknown';
}

/** The class of an error that a socket, TLS or the HTTP client gave, by its code. */
export function classOfFault(error: unknown): { readonly class: ErrorClass; readonly code: string } {
  const code = codeIn(error) ?? codeIn((error as { cause?: unknown } | undefined)?.cause) ?? 'unknown fault';
  if (certificateDates.includes(code)) return { class: 'time', code };
  return { class: certificateTrust.includes(code) ? 'certificate' : 'transport', code };
}

function codeIn(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
