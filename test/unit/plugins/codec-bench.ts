import { readFileSync } from 'node:fs';
import type { CommandProof } from '../../../contracts/command-proof.ts';
import { encodeCommand } from '../../../contracts/plugin.ts';
import type { Envelope, Json, Plugin, Reading, ReadingMetric } from '../../../contracts/plugin.ts';

/** One message of the payload corpus. */
export interface Sample {
  readonly topic: string;
  readonly payload: unknown;
  readonly note: string;
}

export function samples(name: string): readonly Sample[] {
  const file = new URL(`../../fixtures/payloads/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Sample);
}

const utf8 = new TextEncoder();

export function envelope(topic: string, payload: unknown, client = 'client-1'): Envelope {
  const bytes = payload instanceof Uint8Array ? payload : utf8.encode(textual(payload));
  const wire = /^(?:serial|gpio)(?=\/)/.exec(topic)?.[0] as 'serial' | 'gpio' | undefined;
  return { transport: wire ?? 'mqtt', client, topic, payload: bytes, retain: false, receivedAt: 1_741_108_936_480 };
}

function textual(payload: unknown): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

/** A plugin with what it has learnt, as the gateway would run it. */
export interface Bench {
  readonly knowledge: Map<string, Json>;
  teach(topic: string, payload: unknown): void;
  readings(topic: string, payload: unknown): readonly Reading[];
  /** The readings as short lines: `device kind`, then `word[ep] value unit`. */
  lines(topic: string, payload: unknown): readonly string[];
  encode(name: string, device: string, args: unknown): readonly string[];
  /** What shows that the command was done, as the codec says. */
  proof(name: string, device: string, args: unknown): CommandProof | undefined;
}

export function bench<Config>(plugin: Plugin<Config>, settings: unknown = {}): Bench {
  const knowledge = new Map<string, Json>();
  const config = plugin.config.parse(settings);
  const readings = (topic: string, payload: unknown): readonly Reading[] =>
    plugin.decode(envelope(topic, payload), { config, knowledge });
  const encoded = (name: string, device: string, args: unknown) => {
    const codec = plugin.commands?.[name];
    if (codec === undefined) throw new Error(`no command ${name}`);
    return encodeCommand(codec, { device, args: codec.args.parse(args) }, { config, knowledge });
  };
  return {
    knowledge,
    readings,
    teach(topic, payload) {
      for (const { key, value } of plugin.learn?.(envelope(topic, payload), { config, knowledge }) ?? []) {
        if (value === undefined) knowledge.delete(key);
        else knowledge.set(key, value);
      }
    },
    lines: (topic, payload) => readings(topic, payload).flatMap(linesOf),
    encode: (name, device, args) =>
      encoded(name, device, args).outbound.map(({ topic, payload }) => `${topic} ${payload}`),
    proof: (name, device, args) => encoded(name, device, args).proof,
  };
}

function linesOf({ device, kind, metrics }: Reading): readonly string[] {
  return [`${device} ${kind}`, ...metrics.map(lineOf)];
}

function lineOf({ n, ep, value, q, raw, unit }: ReadingMetric): string {
  const place = ep === undefined ? '' : `[${ep}]`;
  const said = q === undefined ? String(value) : `${q}(${String(raw)})`;
  return `${n}${place} ${said}${unit === undefined ? '' : ` ${unit}`}`;
}
