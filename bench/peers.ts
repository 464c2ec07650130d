import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stockAedes } from './peers/aedes.ts';
import type { Contender, Peer } from './peers/contender.ts';
import { measureDrain } from './peers/drain.ts';
import { measureWindow, startCutOff } from './peers/load.ts';
import type { Loss } from './peers/lost.ts';
import { asDebian, eachChange, mosquitto } from './peers/mosquitto.ts';
import { nodeRed } from './peers/node-red.ts';
import { portcullis } from './peers/portcullis.ts';
import { cutPower } from './peers/power-cut.ts';
import { thingsboard } from './peers/thingsboard.ts';
import type { Report } from './report.ts';

const peers: readonly Peer[] = [
  portcullis,
  mosquitto('mosquitto, as Debian has it', asDebian),
  mosquitto('mosquitto, saving at each change', eachChange),
  nodeRed,
  thingsboard,
  stockAedes,
];

/** Seconds; a gateway's code is compiled while it works. */
const warmup = 6;
const steadyRate = 500;
/** Messages that wait at the end of an outage. */
const backlog = 20_000;

/** Gateways and brokers that hold messages for a far side that is away: the same load on each, one after the other. */
export async function benchPeers(seconds: number): Promise<Report> {
  const rows: (string | number)[][] = [];
  const verdict: string[] = [];
  for (const peer of peers) {
    console.error(`  ${peer.name}…`);
    const missing = peer.missing();
    if (missing === undefined) {
      // What one of them cannot bear is told, and the others are still measured.
      await measure(peer, seconds).then(
        (cells) => rows.push([peer.name, ...cells]),
        (error: unknown) => verdict.push(`${peer.name} was not measured to its end: ${String(error)}.`),
      );
    } else verdict.push(`${peer.name} was not measured: ${missing}.`);
  }
  return {
    title: 'Peers side by side',
    conditions: `Each peer holds what comes for a far side that is away: Portcullis for the local cloud (HTTPS), Node-RED with a flow of SQLite (synchronous=FULL) and batches for an HTTPS server, ThingsBoard's gateway with its SQLite storage for a double of its server (MQTT), both behind a mosquitto as Debian has it, a broker alone for a durable subscriber that has been there once. 50 clients, QoS 1, 200-byte JSON payloads, load generator in its own process on the same cores; windows of ${seconds} s after ${warmup} s of warm-up, each on empty folders. CPU, memory and bytes are those of the whole process tree; memory and bytes at ${steadyRate} messages/s. "Stored" is the part of the acknowledged messages that had come to the store behind the broker when the window ended. The drain begins with the far side's return. For the power cut what each asked of its disk while 50 devices published, 500 messages/s at most, was logged by test/shims/disk-log.c (docs/faults.md); it was started on what the disk holds when everything is gone that no sync covered, at three moments added up, and once on all that it wrote, as after kill -9; lost is what was acknowledged before and never came to the far side.`,
    columns: [
      'peer',
      'messages/s, 1 in flight',
      'messages/s, 16 in flight',
      'stored, 16 in flight',
      'CPU µs, 16 in flight',
      `CPU µs at ${steadyRate}/s`,
      'anonymous MB',
      'resident MB',
      'bytes written per message',
      `drain of ${backlog.toLocaleString('en')}`,
      'lost at a power cut',
      'lost at kill -9',
    ],
    rows,
    verdict,
  };
}

async function measure(peer: Peer, seconds: number): Promise<(string | number)[]> {
  const began = performance.now();
  const one = await onFresh(peer, async (contender) => measureWindow(contender, { inflight: 1, seconds, warmup }));
  const many = await onFresh(peer, async (contender) => measureWindow(contender, { inflight: 16, seconds, warmup }));
  const steady = await onFresh(peer, async (contender) =>
    measureWindow(contender, { rate: steadyRate, seconds, warmup }),
  );
  const drain = await onFresh(peer, (contender) => measureDrain(contender, backlog));
  const { dropped, kept } = await cutPower(peer, 2_000);
  console.error(`    took ${Math.round((performance.now() - began) / 1_000)} s`);
  return [
    one.perSecond,
    many.perSecond,
    many.stored === undefined ? '–' : `${Math.round(many.stored * 100)} %`,
    many.cpuMicros,
    steady.cpuMicros,
    steady.anonymousMb,
    steady.residentMb,
    steady.bytes,
    drain.seconds === undefined
      ? `${drain.missing} of ${drain.backlog} still missing`
      : `${drain.seconds.toFixed(1)} s`,
    shown(dropped),
    shown(kept),
  ];
}

const shown = ({ lost, of }: Loss): string => `${lost} of ${of}`;

/** With empty folders and its far side away. */
async function onFresh<Result>(peer: Peer, run: (contender: Contender) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-peers-'));
  const place = { disk: join(folder, 'disk'), beside: join(folder, 'beside') };
  mkdirSync(place.disk);
  mkdirSync(place.beside);
  try {
    await using contender = await peer.open(place);
    await startCutOff(contender);
    return await run(contender);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
