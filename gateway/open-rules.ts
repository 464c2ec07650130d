import { join } from 'node:path';
import type { AlarmDesk } from '../contracts/alarms.ts';
import type { CommandPort } from '../contracts/command.ts';
import type { HistoryReader } from '../contracts/history.ts';
import { ruleRoutes } from './api/rule-routes.ts';
import type { Route } from './api/route.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Config } from './config/schema.ts';
import type { GatewayDeps } from './gateway.ts';
import { clockDoubt } from './lib/clock-doubt.ts';
import { zoneOffsets } from './lib/zone-time.ts';
import type { OpenLiveView } from './live/open-live-view.ts';
import type { Registry } from './registry/open-registry.ts';
import type { DeviceFacts, Devices } from './rules/core/devices.ts';
import { openRules } from './rules/open-rules.ts';
import type { Twins } from './twin/open-twins.ts';

interface RuleStages {
  readonly buffer: Buffer;
  readonly registry: Registry;
  readonly twins: Twins;
  readonly live: OpenLiveView;
  readonly commands: CommandPort;
  readonly alarms: AlarmDesk;
  readonly history: HistoryReader | undefined;
}

/** The rules over the devices of the registry, and their part of the API. `stack` ends them, before the commands. */
export async function openRuleDesk(
  config: Config,
  { buffer, registry, twins, live, commands, alarms, history }: RuleStages,
  { log, clock }: GatewayDeps,
  stack: AsyncDisposableStack,
): Promise<Route[]> {
  const { timeZone, latitude, longitude } = config.site;
  const options = {
    folder: config.rules.dir ?? join(config.dataDir, 'rules'),
    site: { offsetAt: zoneOffsets(timeZone), latitude, longitude },
    ownCommands: new Set(Object.keys(config.limits.commands)),
  };
  const devices = devicesOf(registry, twins);
  const rules = await openRules(options, {
    store: buffer,
    live,
    devices,
    knowsPlace: (text) =>
      Array.from(registry.places()).some(({ id, name }) => [id, name, registry.pathOf(id)].includes(text)),
    states: () => statesOf(registry, twins, clock.wallMs()),
    commands,
    alarms,
    history,
    clock,
    clockDoubt: () => clockDoubt(clock.wallMs()),
    log,
  });
  stack.use(rules);
  return ruleRoutes(rules);
}

/** Devices as rules choose them; what was worked out is kept until the registry changes. */
function devicesOf(registry: Registry, twins: Twins): Devices {
  const known = new Map<string, DeviceFacts | undefined>();
  const places = new Map<string, DeviceFacts['places']>();
  const placesOf = (place: string | undefined): DeviceFacts['places'] => {
    if (place === undefined) return [];
    if (places.size === 0) for (const each of registry.places()) places.set(each.id, chainOf(registry, each.id));
    return places.get(place) ?? [];
  };
  const facts = (device: string): DeviceFacts | undefined => {
    if (known.has(device)) return known.get(device);
    const record = registry.find(device);
    const isAtWork = record !== undefined && record.lifeCycle !== 'DECOMMISSIONED';
    const found = isAtWork ? { ...record, places: placesOf(record.place) } : undefined;
    if (found !== undefined) known.set(device, found);
    return found;
  };
  return {
    facts,
    *all() {
      for (const { id } of Array.from(registry.devices()).toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
        const found = facts(id);
        if (found !== undefined) yield found;
      }
    },
    reports: (device, words) => twins.hasReported(device, words),
    refresh(device) {
      if (device !== undefined) known.delete(device);
      else {
        known.clear();
        places.clear();
      }
    },
  };
}

function chainOf(registry: Registry, place: string): DeviceFacts['places'] {
  const byId = new Map(Array.from(registry.places(), (each) => [each.id, each]));
  const chain: DeviceFacts['places'][number][] = [];
  for (let at = byId.get(place); at !== undefined; at = byId.get(at.parent ?? '')) {
    chain.unshift({ id: at.id, kind: at.kind, name: at.name, path: registry.pathOf(at.id) });
  }
  return chain;
}

/** How every device said that it is. */
function* statesOf(registry: Registry, twins: Twins, wallMs: number) {
  for (const { id, lifeCycle } of registry.devices()) {
    if (lifeCycle === 'DECOMMISSIONED') continue;
    for (const [metric, { value, at }] of Object.entries(twins.show(id).reported.state)) {
      const [word = '', ep] = metric.split('@');
      yield { device: id, word, ep, value, ageMs: Math.max(0, Math.floor(wallMs - at)) };
    }
  }
}
