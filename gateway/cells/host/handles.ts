import type { Handles, HeardMessage, Lent, LentTo } from '../../../contracts/plugin-handles.ts';
import type { GpioLevel, SerialPortFacts } from '../../../contracts/handles.ts';
import type { Outcome } from '../../../contracts/pipeline.ts';
import type { WireAsk } from '../handles/ask.ts';
import type { Heard } from '../handles/lent-desk.ts';
import type { Told } from '../handles/told.ts';

/** The plugin's end of its handles, in its own process. It decides nothing: the gateway does. */
export interface HandleEnd {
  readonly api: Handles;
  readonly signal: AbortSignal;
  told(id: number, told: Told): void;
  heard(stream: number, heard: Heard): void;
  halt(): void;
}

/** What was heard before the plugin knew the number of what it was lent. */
const maxEarly = 64;

class HandleError extends Error {
  override readonly name = 'HandleError';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

type Bytes = Uint8Array | string;
type Ear = (heard: Heard) => void;

const base64 = (bytes: Bytes): string =>
  (typeof bytes === 'string'
    ? Buffer.from(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  ).toString('base64');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

export function openHandles(send: (id: number, ask: WireAsk) => void): HandleEnd {
  const halted = new AbortController();
  const waiting = new Map<number, (told: Told) => void>();
  const ears = new Map<number, Ear>();
  const early: { stream: number; heard: Heard }[] = [];
  let lastId = 0;

  const ask = async <Value>(wish: WireAsk): Promise<Value> => {
    const { promise, resolve } = Promise.withResolvers<Told>();
    const id = (lastId += 1);
    waiting.set(id, resolve);
    send(id, wish);
    const told = await promise;
    if (told.is === 'done') return told.value as Value;
    throw new HandleError(told.code, told.detail);
  };

  /** Asks for something to be lent, and listens to it from the first thing it says. */
  const borrow = async (wish: WireAsk, ear: Ear): Promise<Lent & { readonly stream: number }> => {
    const { stream } = await ask<{ readonly stream: number }>(wish);
    ears.set(stream, ear);
    for (const one of early.splice(0)) {
      if (one.stream === stream) ear(one.heard);
      else early.push(one);
    }
    return {
      stream,
      async [Symbol.asyncDispose]() {
        if (ears.delete(stream)) await ask({ do: 'release', stream });
      },
    };
  };

  return {
    api: apiOver(ask, borrow),
    signal: halted.signal,
    told(id, told) {
      waiting.get(id)?.(told);
      waiting.delete(id);
    },
    heard(stream, heard) {
      const ear = ears.get(stream);
      if (ear !== undefined) ear(heard);
      else if (early.push({ stream, heard }) > maxEarly) early.shift();
      if ('closed' in heard) ears.delete(stream);
    },
    halt: () => halted.abort(),
  };
}

type AskGateway = <Value>(wish: WireAsk) => Promise<Value>;
type Borrow = (wish: WireAsk, ear: Ear) => Promise<Lent & { readonly stream: number }>;

function apiOver(ask: AskGateway, borrow: Borrow): Handles {
  return Object.freeze<Handles>({
    ingest: ({ topic, payload }) => ask<Outcome>({ do: 'ingest', topic, payload: base64(payload) }),
    secret: async (name) => (await ask<{ readonly value: string }>({ do: 'secret', name })).value,
    mqtt: Object.freeze<Handles['mqtt']>({
      publish: ({ topic, payload, qos = 0 }) => ask({ do: 'publish', topic, payload: base64(payload), qos }),
      subscribe: (filter, listener) => borrow({ do: 'subscribe', filter }, messageEar(listener)),
    }),
    http: Object.freeze<Handles['http']>({
      async request(url, { method = 'GET', headers = {}, body, timeoutMs } = {}) {
        const answer = await ask<{ status: number; headers: Record<string, string>; body: string }>({
          do: 'request',
          url,
          method,
          headers: Object.entries(headers),
          ...(body === undefined ? {} : { body: base64(body) }),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        });
        return { ...answer, body: bytesOf(answer.body) };
      },
    }),
    serial: Object.freeze<Handles['serial']>({
      ports: async () => (await ask<{ readonly ports: readonly SerialPortFacts[] }>({ do: 'serial-ports' })).ports,
      async open(identity, settings, events) {
        const lent = await borrow({ do: 'serial-open', identity, settings }, dataEar(events));
        const { stream } = lent;
        return { ...lent, write: (bytes) => ask({ do: 'serial-write', stream, payload: base64(bytes) }) };
      },
    }),
    gpio: Object.freeze<Handles['gpio']>({
      async line(name, direction, events) {
        const [chip = '', line = ''] = name.split('/');
        const lent = await borrow({ do: 'gpio-open', chip, line: Number(line), direction }, levelEar(events));
        const { stream } = lent;
        return {
          ...lent,
          read: async () => (await ask<{ readonly level: GpioLevel }>({ do: 'gpio-read', stream })).level,
          write: (level) => ask({ do: 'gpio-write', stream, level }),
        };
      },
    }),
  });
}

function messageEar(listener: (message: HeardMessage) => void): Ear {
  return (heard) => {
    if ('topic' in heard) listener({ topic: heard.topic, payload: bytesOf(heard.payload) });
  };
}

function dataEar({ onData, onClosed }: LentTo<Uint8Array>): Ear {
  return (heard) => {
    if ('data' in heard) onData(bytesOf(heard.data));
    else if ('closed' in heard) onClosed?.();
  };
}

function levelEar(events: LentTo<GpioLevel> | undefined): Ear {
  return (heard) => {
    if ('level' in heard) events?.onData(heard.level);
    else if ('closed' in heard) events?.onClosed?.();
  };
}
