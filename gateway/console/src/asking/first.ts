/** All of them, without what the ledger says of each; a house has hundreds. */
export const devicesPath = '/api/v1/devices?limit=1000&ledger=false';

/** What home is made of; `early.ts` asks for it before this code has come. */
export const homePaths = {
  alarms: '/api/v1/alarms',
  sinks: '/api/v1/sinks',
  ledger: '/api/v1/ledger',
  devices: devicesPath,
  twins: '/api/v1/twins?limit=1000&metrics=availability',
} as const;

export const sessionPath = '/api/v1/session';
/** Where the administrator token of a tab is. */
export const tokenKey = 'portcullis-token';
/** There while the gateway knew this browser at the last look; it says nothing of who it is. */
export const knownKey = 'portcullis-known';

/** Of the whole page while it is not home that was asked for, which the gateway draws into the document all the same. */
export const elsewhere = 'elsewhere';

/** What was asked for early, by path. */
export type Early = Partial<Record<string, Promise<Response>>>;

const page = globalThis as { early?: Early };

/** Takes an answer that was asked for early; each is taken once. */
export function takeEarly(path: string): Promise<Response> | undefined {
  const early = (page.early ??= {});
  const answer = early[path];
  delete early[path];
  return answer;
}
