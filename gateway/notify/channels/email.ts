import { createTransport } from 'nodemailer';
import type { Channel, SendResult } from './channel.ts';
import { subjectOf, textOf, type Words } from './render.ts';

export interface EmailOptions {
  readonly kind: 'email';
  readonly host: string;
  readonly port: number;
  /** `none` is for a relay on this machine. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly from: string;
  readonly login?: { readonly user: string; readonly password: string } | undefined;
  /** PEM text of the authority that signed the server's certificate, where that is not a public one. */
  readonly ca?: string | undefined;
  /** How long the server has to connect, greet and answer. */
  readonly patienceMs?: number;
}

/**
 * Mail over SMTP (RFC 5321) with STARTTLS (RFC 3207) or TLS from the start (RFC 8314); certificates are always verified, and
 * without the wanted TLS nothing is said. The `Message-ID` stays over retries, so that a mailbox can leave out a second copy.
 */
export function openEmail(options: EmailOptions, words: Words): Channel {
  const { host, port, tls, from, login, ca, patienceMs = 15_000 } = options;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(login !== undefined && { auth: { user: login.user, pass: login.password } }),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    dnsTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^\w.-]/g, '');
  return {
    combines: true,
    async send({ id, to, notices }) {
      try {
        await transport.sendMail({
          from,
          to,
          subject: subjectOf(notices, words),
          text: `${textOf(notices, words)}\n`,
          messageId: `<${id}@${domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        });
        return { is: 'taken' };
      } catch (error) {
        return judged(error, host);
      }
    },
    async [Symbol.asyncDispose]() {
      transport.close();
    },
  };
}

/** Recipient and message are the letter's own, everything else is the server's or the account's. The text stays out: it may quote. */
function judged(error: unknown, host: string): SendResult {
  const { code = 'unknown error', responseCode } = error as { code?: string; responseCode?: number };
  const why = `${host}: ${code}${responseCode === undefined ? '' : `, answer ${responseCode}`}.`;
  const isOwn = code === 'EENVELOPE' || code === 'EMESSAGE';
  if (!isOwn || responseCode === 421) return { is: 'away', why };
  return { is: responseCode === undefined || responseCode >= 500 ? 'refused' : 'later', why };
}
