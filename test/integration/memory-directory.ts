import type { ActivationOutcome, DeviceDirectory, DeviceRecord } from '../../contracts/registry.ts';

export interface MemoryDirectory extends DeviceDirectory {
  activation: DeviceDirectory['activation'];
  find: DeviceDirectory['find'];
  readonly told: { readonly device: string; readonly outcome: ActivationOutcome }[];
}

/** The registry as a sink sees it, in memory. */
export function memoryDirectory(devices: readonly DeviceRecord[] = []): MemoryDirectory {
  const told: MemoryDirectory['told'] = [];
  return {
    told,
    find: (id) => devices.find((device) => device.id === id),
    activation: async (device, outcome) => void told.push({ device, outcome }),
  };
}
