import { startCloud, type TestCloud } from '../../harness/cloud.ts';
import { startDaemon, type Daemon, type DaemonOptions } from '../../harness/daemon.ts';
import type { Ends } from '../../harness/ends.ts';
import { startLineSink, type LineSink } from '../../harness/line-sink.ts';
import { startPublisher, type Publisher, type PublisherOptions } from '../../harness/publisher.ts';
import type { Random } from './random.ts';

/** What a fault is run with. */
export interface RoundContext {
  readonly ends: Ends;
  readonly random: Random;
  /** The promise to break, for `PORTCULLIS_BREAK`; empty when the fault itself is judged. */
  readonly broken: string;
}

/** The real daemon with two sinks, its devices, and what they were told is safe. */
export interface Round {
  readonly daemon: Daemon;
  readonly cloud: TestCloud;
  readonly lines: LineSink;
  readonly acknowledged: ReadonlySet<number>;
  readonly answeredNs: ReadonlyMap<number, bigint>;
  /** Devices that publish until they are stopped, or lose the gateway. Each call has numbers of its own. */
  load(options?: Partial<PublisherOptions>): Promise<Pick<Publisher, 'stop' | 'acknowledged'>>;
  /** Starts the daemon again and notes how long it took until it accepted. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Milliseconds until it accepted, for each start. */
  readonly starts: readonly number[];
}

export const sinks = ['tuya', 'influx'] as const;

/** Which parts a fault takes the place of. */
export interface RoundOptions extends DaemonOptions {
  /** A port that leads to the given one of a sink, where the daemon shall not go there directly. */
  readonly via?: (port: number) => Promise<number>;
}

export async function openRound({ ends, broken }: RoundContext, options: RoundOptions = {}): Promise<Round> {
  const cloud = await startCloud(ends);
  const lines = await startLineSink(ends);
  const via = options.via ?? ((port: number) => Promise.resolve(port));
  const endpoint = `https://127.0.0.1:${await via(cloud.cloud.port)}`;
  const began = performance.now();
  const daemon = await startDaemon(ends, {
    ...options,
    config: {
      cloud: { tuya: { ...cloud.config.tuya, endpoint } },
      influx: { url: `http://127.0.0.1:${await via(lines.port)}`, database: 'house' },
      ...options.config,
    },
    env: { ...options.env, PORTCULLIS_BREAK: broken },
  });
  const starts = [performance.now() - began];
  const acknowledged = new Set<number>();
  const answeredNs = new Map<number, bigint>();
  let life = 0;
  return {
    daemon,
    cloud,
    lines,
    acknowledged,
    answeredNs,
    starts,
    async load(wanted = {}) {
      const from = life * 1_000_000;
      life += 1;
      const publisher = await startPublisher({ port: daemon.mqttPort, devices: 8, from, ...wanted });
      return {
        acknowledged: publisher.acknowledged,
        async stop() {
          await publisher.stop();
          for (const [n, at] of publisher.answeredNs) {
            acknowledged.add(n);
            answeredNs.set(n, at);
          }
        },
      };
    },
    async restart(env) {
      const from = performance.now();
      await daemon.start(env);
      starts.push(performance.now() - from);
    },
  };
}
