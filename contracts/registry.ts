/** A device works locally from the first moment; the cloud only confirms it, or says why not. */
export const lifeCycles = ['SHADOW', 'ACTIVATED', 'REJECTED', 'DECOMMISSIONED'] as const;
export type LifeCycle = (typeof lifeCycles)[number];

/** What a cloud said of one device. A fault of the account or of the way there is never a rejection. */
export type ActivationOutcome =
  | { readonly is: 'activated'; readonly cloudId: string }
  | { readonly is: 'rejected'; readonly code: string; readonly reason: string; readonly suggestion: string };

/** What other stages know of a device. `name` is a label; `id` never changes. */
export interface DeviceRecord {
  readonly id: string;
  readonly name: string;
  readonly profile: string | undefined;
  readonly lifeCycle: LifeCycle;
  readonly place: string | undefined;
  readonly tags: readonly string[];
}

/** The registry as other stages see it. Reads are from memory; `activation` resolves when it is durable. */
export interface DeviceDirectory {
  find(device: string): DeviceRecord | undefined;
  activation(device: string, outcome: ActivationOutcome): Promise<void>;
}
