import { randomBytes } from 'node:crypto';

export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
  /** Seconds that the access token is still good for. */
  readonly expire_time: number;
  readonly uid: string;
}

export interface Tokens {
  /** `grant_type=1`. A pair that is still good is given again with its remaining time, as the real cloud does. */
  login(now: number): TokenPair;
  /** A refresh token never expires and works once; using it ends the old pair. Undefined when it is not good. */
  refresh(refreshToken: string, now: number): TokenPair | undefined;
  isGood(accessToken: string, now: number): boolean;
  /** Ends the access token at once; its refresh token stays good. */
  expire(): void;
}

/** The one valid pair of one client id. `now` is wall time in milliseconds. */
export function tokenKeeper(lifeMs: number, newToken = () => randomBytes(16).toString('hex')): Tokens {
  let access = '';
  let refresh = '';
  let endsAt = 0;

  const shown = (now: number): TokenPair => ({
    access_token: access,
    refresh_token: refresh,
    expire_time: Math.max(1, Math.floor((endsAt - now) / 1000)),
    uid: 'local-cloud-user',
  });
  const issue = (now: number): TokenPair => {
    access = newToken();
    refresh = newToken();
    endsAt = now + lifeMs;
    return shown(now);
  };

  return {
    login: (now) => (access !== '' && now < endsAt ? shown(now) : issue(now)),
    refresh: (given, now) => (given !== '' && given === refresh ? issue(now) : undefined),
    isGood: (given, now) => given !== '' && given === access && now < endsAt,
    expire: () => {
      endsAt = 0;
    },
  };
}
