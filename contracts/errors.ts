/**
 * Every error that leaves a module has one of these codes. `retryable` says whether the same call may succeed later
 * without anybody changing anything; `exit` is the process exit code where the error ends a command (sysexits.h).
 * `docs/errors.md` has one row per code, held together by a test.
 */
export const errorTable = {
  CONFIG_INVALID: { retryable: false, exit: 78, means: 'The configuration file has a wrong or unknown key.' },
  FILE_UNREADABLE: { retryable: false, exit: 66, means: 'A file is missing, damaged or may not be read.' },
  USAGE: { retryable: false, exit: 64, means: 'The command line is wrong.' },
  PORT_TAKEN: { retryable: true, exit: 69, means: 'Another program listens on a port that the gateway needs.' },
  DATA_DIR_LOCKED: { retryable: true, exit: 75, means: 'Another gateway process uses this data folder.' },
  NATIVE_MODULE: { retryable: false, exit: 69, means: 'A native module does not load on this machine.' },
  DISK_FULL: { retryable: true, exit: 74, means: 'The disk has no room; acknowledgements are held.' },
  STORE_FAILED: { retryable: true, exit: 70, means: 'The buffer could not commit.' },
  STORE_CLOSED: { retryable: false, exit: 70, means: 'The buffer is closed.' },
  DECODE_FAILED: { retryable: false, exit: 70, means: 'A payload could not be decoded; it became a dead letter.' },
  OVERLOADED: { retryable: true, exit: 75, means: 'A bounded queue is full.' },
  SINK_UNAVAILABLE: { retryable: true, exit: 69, means: 'A sink cannot be reached; records stay in the buffer.' },
  GATEWAY_UNREACHABLE: { retryable: true, exit: 69, means: 'The gateway that a command needs does not answer.' },
  BROKER_UNREACHABLE: { retryable: true, exit: 69, means: 'An MQTT broker that a tool needs does not answer.' },
  SINK_REFUSED: { retryable: false, exit: 77, means: 'A sink refuses this gateway; its account must be mended.' },
  INPUT_INVALID: { retryable: false, exit: 64, means: 'A call of the API has a field that is missing or wrong.' },
  LOGIN_NEEDED: { retryable: false, exit: 77, means: 'A call needs a login, or the one that it has is over.' },
  TOO_MANY_TRIES: { retryable: true, exit: 75, means: 'Somebody failed to log in too often.' },
  COMMAND_INVALID: { retryable: false, exit: 64, means: 'A command cannot be sent to this device as asked.' },
  COMMAND_EXPIRED: { retryable: false, exit: 1, means: 'The time of a command was over before it could be sent.' },
  OUTCOME_UNKNOWN: { retryable: false, exit: 1, means: 'A command went out and nothing shows that it was done.' },
  LIMIT_EXCEEDED: { retryable: false, exit: 1, means: 'A rule asked for more than the limits of this house allow.' },
  NOT_FOUND: { retryable: false, exit: 1, means: 'What was asked for does not exist.' },
  CONFLICT: { retryable: false, exit: 1, means: 'A change does not fit what is there by now.' },
  REGISTRY_FULL: { retryable: false, exit: 70, means: 'The registry has reached its bound.' },
  DEVICE_UNREACHABLE: { retryable: true, exit: 69, means: 'A device behind a serial line or a pin does not answer.' },
  NOT_ALLOWED: { retryable: false, exit: 77, means: 'A client may not do what it tried.' },
  PLUGIN_REFUSED: { retryable: false, exit: 1, means: 'A plugin was not admitted; its decision record says why.' },
  PLUGIN_TAMPERED: { retryable: false, exit: 1, means: 'A stored plugin is not what was checked; it does not run.' },
  RELEASE_REFUSED: { retryable: false, exit: 77, means: 'A release is unsigned, damaged, or not for this machine.' },
  PASSPORT_REFUSED: { retryable: false, exit: 77, means: 'A passport is damaged, or the passphrase is not its own.' },
  INTERNAL: { retryable: false, exit: 70, means: 'A fault of the gateway itself.' },
} as const satisfies Record<string, { retryable: boolean; exit: number; means: string }>;

export type ErrorCode = keyof typeof errorTable;

/** The one error class. Handle it by `code`, never by its message; the message is a sentence that says what to do. */
export class PortcullisError extends Error {
  override readonly name = 'PortcullisError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  get exitCode(): number {
    return errorTable[this.code].exit;
  }
}
