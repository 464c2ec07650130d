import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import * as oidc from 'openid-client';
import type { Actor } from '../../contracts/actor.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { actorOf, type ClaimRules } from './claims.ts';

export interface ProviderOptions extends ClaimRules {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** Who the bearer tokens of programs must be meant for. */
  readonly audience: string;
  /** Where the provider sends people back to: `https://gateway/api/v1/login/provider/callback`. */
  readonly redirectUri: string;
}

/** What is under way at the provider: known to this gateway and to the browser that began it. */
export interface Journey {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The identity provider of a site (OpenID Connect), asked when somebody uses it; without the network local accounts go on. */
export interface Provider {
  /** Where to send the browser, and what to keep for when it comes back. */
  begin(): Promise<{ readonly url: string; readonly journey: Journey }>;
  /** Who came back. Rejects with NOT_ALLOWED. */
  finish(query: string, journey: Journey): Promise<Actor>;
  /** Who a signed token speaks for. Rejects with LOGIN_NEEDED. */
  fromToken(jwt: string): Promise<Actor>;
}

/** Asymmetric ones only: with a shared secret whoever checks could also sign, and `none` is no signature (RFC 8725, section 3.1). */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const toleranceSeconds = 60;
const timeoutSeconds = 10;

/** `isClockSet`: while it is not, nothing that the provider signed is believed, because all of it ends by wall time. */
export function openProvider(options: ProviderOptions, isClockSet: () => boolean): Provider {
  const { issuer, clientId, clientSecret, audience, redirectUri } = options;
  let found: Promise<oidc.Configuration> | undefined;
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined;

  /** On loopback the provider may be without TLS. */
  const discover = (): Promise<oidc.Configuration> => {
    const insecure = new URL(issuer).protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {};
    return oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, { ...insecure, timeout: timeoutSeconds });
  };
  const configuration = async (): Promise<oidc.Configuration> => {
    if (!isClockSet()) throw new PortcullisError('OVERLOADED', unsetClock);
    found ??= discover();
    try {
      return await found;
    } catch (cause) {
      found = undefined;
      const detail = 'The identity provider does not answer. Log in with a local account, or try again later.';
      throw new PortcullisError('OVERLOADED', detail, { cause });
    }
  };

  return {
    async begin() {
      const config = await configuration();
      const journey = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: options.scope,
        state: journey.state,
        nonce: journey.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(journey.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, journey };
    },
    async finish(query, { state, nonce, verifier }) {
      const config = await configuration();
      const url = new URL(redirectUri);
      url.search = query;
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await oidc.authorizationCodeGrant(config, url, checks).catch((cause: unknown) => {
        throw new PortcullisError('NOT_ALLOWED', 'The identity provider did not confirm this login. Begin again.', {
          cause,
        });
      });
      return actorOf('person', tokens.claims() ?? {}, options);
    },
    async fromToken(jwt) {
      if (!isClockSet()) throw new PortcullisError('LOGIN_NEEDED', unsetClock);
      const { jwks_uri } = (await configuration()).serverMetadata();
      if (jwks_uri === undefined) throw new PortcullisError('LOGIN_NEEDED', 'The identity provider has no keys.');
      keys ??= createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: timeoutSeconds * 1_000 });
      return actorOf('token', await verified(jwt, keys, { issuer, audience }), options);
    },
  };
}

async function verified(
  jwt: string,
  keys: ReturnType<typeof createRemoteJWKSet>,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
): Promise<JWTPayload> {
  const checks = { issuer, audience, algorithms, clockTolerance: toleranceSeconds, requiredClaims: ['exp', 'sub'] };
  try {
    return (await jwtVerify(jwt, keys, checks)).payload;
  } catch (cause) {
    const because = cause instanceof errors.JOSEError ? cause.code : 'its keys cannot be fetched';
    throw new PortcullisError('LOGIN_NEEDED', `This token is not good here (${because}).`, { cause });
  }
}

const unsetClock =
  'The clock of the gateway is not set, so what an identity provider signed cannot be checked. Log in with a local account.';
