/** What one plugin may have in hand at a time, whatever its contract grants. Bytes and milliseconds. */
export const handleLimits = {
  pendingAsks: 64,
  asksPerSecond: 500,
  /** Fetched messages on their way to their commit. */
  pendingIngests: 32,
  publishesPerSecond: 50,
  payloadBytes: 64 * 1024,
  requestsPerSecond: 20,
  concurrentRequests: 8,
  requestBytes: 128 * 1024,
  answerBytes: 128 * 1024,
  requestMs: 10_000,
  longestRequestMs: 30_000,
  /** Subscriptions, ports and lines. */
  lent: 64,
  /** Unsent to the plugin's process: what it would hear beyond that is dropped. */
  unheardBytes: 1024 * 1024,
  /** A process that asks and does not read its answers is ended. */
  unreadBytes: 16 * 1024 * 1024,
} as const;
