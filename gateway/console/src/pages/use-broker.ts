/** Where devices find the broker: the name that this page was opened with, on MQTT's own port. */
export function useBroker(): { readonly host: string; readonly port: number } {
  return { host: location.hostname, port: 1883 };
}
