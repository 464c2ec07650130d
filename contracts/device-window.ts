/** A device that asked for a login while the device window was open, and waits for a person. */
export interface WaitingDevice {
  readonly id: string;
  readonly user: string;
  readonly clientId: string;
  readonly address: string;
  /** The profile that its will fits; null where it has none that does. */
  readonly profile: string | null;
  /** When it knocked last, in milliseconds. */
  readonly at: number;
}
