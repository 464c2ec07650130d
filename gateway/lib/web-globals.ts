/**
 * What Node has for talking to the network, and what such talk is made of. Node reads its own copy of undici, 10 MB, when
 * somebody looks at one of the last seven.
 */
const webGlobals = [
  'fetch',
  'EventSource',
  'BroadcastChannel',
  'navigator',
  'WebSocket',
  'CloseEvent',
  'MessageEvent',
  'FormData',
  'Headers',
  'Request',
  'Response',
] as const;

/**
 * Takes them away from the plugins of this thread, before the first is loaded: a codec asks for nothing, and a vendor's
 * plugin has its handles. One that puts something in their place adds a global, and is refused for it (PC-R205).
 */
export function removeWebGlobals(): void {
  for (const name of webGlobals) Reflect.deleteProperty(globalThis, name);
}
