import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import type { Certificate } from '../../gateway/lib/own-certificate.ts';
import { waitUntil } from './wait-until.ts';

export interface SmtpOptions {
  readonly certificate: Certificate;
  /** TLS from the start; else by STARTTLS. */
  readonly implicit?: boolean;
  readonly port?: number;
  /** Asked before a mail is taken; what it throws is the answer. */
  readonly onMail?: () => Promise<void>;
}

/** A mail server that takes mail for everybody but `nobody@`, from the user `gateway` with the password `secret`. */
export interface Smtp extends AsyncDisposable {
  readonly port: number;
  /** The mails that were taken, whole. */
  readonly mails: readonly string[];
  has(count: number): Promise<void>;
}

export async function startSmtp(t: TestContext, options: SmtpOptions): Promise<Smtp> {
  const { certificate, implicit = false, port = 0, onMail } = options;
  const mails: string[] = [];
  const server = new SMTPServer({
    ...certificate,
    secure: implicit,
    authOptional: false,
    closeTimeout: 100,
    onAuth({ username, password }, { secure }, answer) {
      if (!secure) return answer(new Error('not without TLS'));
      if (username === 'gateway' && password === 'secret') return answer(null, { user: username });
      return answer(new Error('wrong password'));
    },
    onRcptTo({ address }, _session, answer) {
      const isKnown = !address.startsWith('nobody@');
      answer(isKnown ? null : Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
    },
    onData(stream, _session, answer) {
      void text(stream).then(async (mail) => {
        try {
          await onMail?.();
          mails.push(mail.replaceAll('=\r\n', ''));
          answer();
        } catch (error) {
          answer(error as Error);
        }
      });
    },
  });
  server.on('error', () => undefined);
  const listening = server.listen(port, '127.0.0.1');
  await once(listening, 'listening');
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  let stopped: Promise<void> | undefined;
  t.after(() => (stopped ??= stop()));
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    has: (count) => waitUntil(`${count} mails, there are ${mails.length}`, () => mails.length >= count),
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
