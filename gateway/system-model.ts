import { passportRoutes } from './api/passport-routes.ts';
import type { Route } from './api/route.ts';
import { systemRoutes, type SystemModel, type SystemState } from './api/system-routes.ts';
import { updateRoutes } from './api/update-routes.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Config } from './config/schema.ts';
import { listen } from './observability/channels.ts';
import { readMachine } from './observability/machine.ts';
import type { RecentLog } from './observability/recent-log.ts';
import { openPassports, type PassportSource } from './open-passports.ts';
import { supportBundle } from './support-bundle.ts';
import { openUpdateDesk } from './update/desk.ts';
import { release } from './version.ts';

interface SystemParts extends PassportSource {
  readonly buffer: Buffer;
  readonly mqtt: { readonly ports: { readonly tcp?: number | undefined; readonly tls?: number | undefined } };
  readonly alarms: { active(): unknown };
  readonly sinks: readonly { status(): unknown }[];
  readonly hardware: { status(): Promise<unknown> };
  readonly recentLog: RecentLog;
  readonly metrics: { text(): Promise<string> };
  readonly plugins: () => unknown;
}

const ownAddresses = new Set(['127.0.0.1', '::1', 'localhost']);

/** The gateway and its machine as the API shows them; counts what is stored from now until it is disposed. */
function systemModel(config: Config, known: SystemParts): SystemModel & Disposable {
  const { name, buffer, mqtt, clock, alarms, sinks, hardware, metrics, plugins, recentLog } = known;
  const { version, supportedUntil } = release;
  const startedAt = clock.monoMs();
  let committedBytes = 0;
  const counting = listen('committed', ({ bytes }) => {
    committedBytes += bytes;
  });
  const system = async (): Promise<SystemState> => {
    const { memory, disk, writtenBytes, celsius, isClockSynchronised } = await readMachine(config.dataDir);
    const { fileBytes, usedBytes, oldestMs } = await buffer.status();
    return {
      name,
      version,
      supportedUntil: supportedUntil ?? null,
      node: process.versions.node,
      arch: process.arch,
      nowMs: clock.wallMs(),
      upMs: clock.monoMs() - startedAt,
      isClockSynchronised: isClockSynchronised ?? null,
      mqtt: {
        port: mqtt.ports.tcp ?? null,
        tlsPort: mqtt.ports.tls ?? null,
        network: !ownAddresses.has(config.mqtt.host),
      },
      memory,
      disk,
      buffer: { fileBytes, usedBytes, maxBytes: config.buffer.maxBytes, oldestMs: oldestMs ?? null, committedBytes },
      writtenBytes: writtenBytes ?? null,
      celsius: celsius ?? null,
    };
  };
  return {
    system,
    log: ({ level, limit }) => recentLog.lines(level, limit),
    bundle: async () => {
      const parts = {
        system: await system(),
        alarms: alarms.active(),
        sinks: sinks.map((sink) => sink.status()),
        ledger: await buffer.ledger(),
        plugins: plugins(),
        hardware: await hardware.status(),
      };
      const asked = { config, nowMs: clock.wallMs(), log: recentLog, parts, metrics: await metrics.text() };
      return supportBundle(asked);
    },
    [Symbol.dispose]: () => counting[Symbol.dispose](),
  };
}

/** How the gateway and its machine are, what runs on it, and the whole of it in one file; `stack` ends the counting. */
export async function machineRoutes(config: Config, known: SystemParts, stack: AsyncDisposableStack): Promise<Route[]> {
  const system = stack.use(systemModel(config, known));
  const passports = await openPassports(config, known);
  return [...systemRoutes(system), ...updateRoutes(openUpdateDesk(config.dataDir)), ...passportRoutes(passports)];
}
