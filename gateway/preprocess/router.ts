import type { Envelope } from '../../contracts/plugin.ts';
import type { Claims, PluginDescriptor } from './task.ts';

/** Where an envelope goes. `teaches`: the plugin learns from it before it decodes it. */
export interface Route {
  readonly plugin: number;
  readonly teaches: boolean;
}

/** Finds the plugin of an envelope: the sender's profile, then an exact claim, then the most specific filter. */
export interface Router {
  route(envelope: Envelope): Route | undefined;
  /** Replaces the topics that the given plugins' knowledge claims. */
  claim(claims: Claims): void;
}

/** Topics whose route is remembered; the hot path is one look-up in it. */
const maxRemembered = 10_000;

interface Node {
  readonly children: Map<string, Node>;
  /** Plugin index of a filter that ends here. */
  plugin?: number;
}

export function openRouter(plugins: readonly Omit<PluginDescriptor, 'commands'>[], fallback?: string): Router {
  const indexes = new Map(plugins.map(({ name }, index) => [name, index]));
  const tree = filterTree(plugins.map(({ topics }) => topics));
  const teaching = plugins.map(({ teaches }) => filterTree([teaches]));
  const claims = new Map<number, ReadonlySet<string>>();
  const remembered = new Map<string, Route | undefined>();

  const routeTo = (plugin: number, topic: string): Route => ({
    plugin,
    teaches: findPlugin(teaching[plugin], topic) !== undefined,
  });
  const byTopic = (topic: string): Route | undefined => {
    for (const [plugin, topics] of claims) if (topics.has(topic)) return routeTo(plugin, topic);
    const plugin = findPlugin(tree, topic) ?? (fallback === undefined ? undefined : indexes.get(fallback));
    return plugin === undefined ? undefined : routeTo(plugin, topic);
  };
  return {
    route(envelope) {
      const named = envelope.plugin === undefined ? undefined : indexes.get(envelope.plugin);
      if (named !== undefined) return routeTo(named, envelope.topic);
      const { topic } = envelope;
      const known = remembered.get(topic);
      if (known !== undefined) return known;
      const route = byTopic(topic);
      // Topics without a route are not remembered: a stranger could fill the map with them.
      if (route === undefined) return undefined;
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(topic, route);
      return route;
    },
    claim(changed) {
      for (const [plugin, topics] of changed) claims.set(plugin, new Set(topics));
      if (changed.length > 0) remembered.clear();
    },
  };
}

function filterTree(filtersOf: readonly (readonly string[])[]): Node {
  const root: Node = { children: new Map() };
  for (const [plugin, filters] of filtersOf.entries()) {
    for (const filter of filters) {
      let node = root;
      for (const level of filter.split('/')) {
        const next: Node = node.children.get(level) ?? { children: new Map() };
        node.children.set(level, next);
        node = next;
      }
      // Of two plugins with the very same filter the first one configured gets it.
      node.plugin ??= plugin;
    }
  }
  return root;
}

/**
 * The plugin of the most specific filter: level by level an equal word is tried before `+`, and `+` before `#`
 * (MQTT 3.1.1, section 4.7). Topics that begin with `$` match no leading wildcard (4.7.2).
 */
function findPlugin(root: Node | undefined, topic: string): number | undefined {
  const levels = topic.split('/');
  const wildcardsFrom = topic.startsWith('$') ? 1 : 0;
  const search = (node: Node, depth: number): number | undefined => {
    const rest = depth >= wildcardsFrom ? node.children.get('#')?.plugin : undefined;
    const level = levels[depth];
    if (level === undefined) return node.plugin ?? rest;
    // A topic may hold the very characters that mean something in a filter; they are not words of a filter.
    const word = level === '+' || level === '#' ? undefined : node.children.get(level);
    const exact = word === undefined ? undefined : search(word, depth + 1);
    if (exact !== undefined) return exact;
    const any = depth >= wildcardsFrom ? node.children.get('+') : undefined;
    return (any === undefined ? undefined : search(any, depth + 1)) ?? rest;
  };
  return root === undefined ? undefined : search(root, 0);
}
