import type { GpioLevel, SerialPortFacts, SerialSettings } from './handles.ts';
import type { Outcome } from './pipeline.ts';

/**
 * What a plugin may do beyond decoding: nothing but what its contract grants. The gateway owns every socket, port, pin,
 * topic and secret, and does what is asked on the plugin's behalf. A call that is refused, or that the far side fails,
 * rejects with an error whose `code` says why (PC-R207 to PC-R211). Handles end with the plugin's process.
 */
export interface Handles {
  /**
   * Hands what the plugin fetched to its own `decode`, as if a device had sent it. Resolves when the outcome is
   * durable. The topic is the plugin's own choice; the gateway puts `plugin/<name>/` before it.
   */
  ingest(message: { readonly topic: string; readonly payload: Bytes }): Promise<Outcome>;
  readonly mqtt: MqttHandle;
  readonly http: HttpHandle;
  /** Value of a secret that the contract names. */
  secret(name: string): Promise<string>;
  readonly serial: SerialHandle;
  readonly gpio: GpioHandle;
}

/** Text stands for its UTF-8 bytes. */
export type Bytes = Uint8Array | string;

/** Disposing ends it on the gateway's side as well; it is idempotent. */
export type Lent = AsyncDisposable;

export interface MqttHandle {
  /** Sends to the clients that are connected now and says how many want the topic. Never retained. */
  publish(message: {
    readonly topic: string;
    readonly payload: Bytes;
    readonly qos?: 0 | 1;
  }): Promise<{ readonly subscribers: number }>;
  /** Copies of what clients publish from now on. What comes faster than the plugin reads is dropped, and counted. */
  subscribe(filter: string, listener: (message: HeardMessage) => void): Promise<Lent>;
}

export interface HeardMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

export interface HttpHandle {
  /** One request. A redirect is not followed: it is an answer like any other, and its target must be granted too. */
  request(url: string, wish?: HttpWish): Promise<HttpAnswer>;
}

export interface HttpWish {
  /** GET when left out. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
  /** From the call to the last byte of the answer; 10 s when left out, 30 s at most. */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; a header that came more than once is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface SerialHandle {
  /** The ports that are plugged in and granted. */
  ports(): Promise<readonly SerialPortFacts[]>;
  open(
    identity: string,
    settings: SerialSettings,
    events: LentTo<Uint8Array>,
  ): Promise<Lent & { write(bytes: Bytes): Promise<void> }>;
}

export interface GpioHandle {
  /**
   * A line by chip and number, `gpiochip0/17`; the chip by its name or its label, as the contract has it. `onData` tells every
   * change of an input.
   */
  line(
    name: string,
    direction: 'in' | 'out',
    events?: LentTo<GpioLevel>,
  ): Promise<Lent & { read(): Promise<GpioLevel>; write(level: GpioLevel): Promise<void> }>;
}

/** `onClosed` comes once, when the device went away by itself. */
export interface LentTo<Data> {
  readonly onData: (data: Data) => void;
  readonly onClosed?: () => void;
}

/** What else `start` gets. */
export interface StartContext<Config = unknown> {
  readonly config: Config;
  /** Values of the variables that the contract names and the site or the contract sets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Aborted when the gateway stops: end loops and timers. Handles refuse everything from then on. */
  readonly signal: AbortSignal;
}
