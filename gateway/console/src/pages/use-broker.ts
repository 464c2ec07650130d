import { useAsk } from '../asking/use-ask.ts';
import type { SystemState } from '../asking/types.ts';

/** Where devices find the broker: by the name that this page was opened with. */
export function useBroker(): { readonly host: string; readonly port: number; readonly isOpen: boolean } {
  const { data } = useAsk<SystemState>('/api/v1/system');
  return { host: location.hostname, port: data?.mqtt.port ?? 1883, isOpen: data?.mqtt.network ?? true };
}
