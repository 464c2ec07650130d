import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openEmail, type EmailOptions } from '../../../../gateway/notify/channels/email.ts';
import type { Channel, Letter } from '../../../../gateway/notify/channels/channel.ts';
import { ownCertificate } from '../../../../gateway/lib/own-certificate.ts';
import { startSmtp, type Smtp } from '../../../harness/smtp.ts';
import { tempDir } from '../../buffer/buffer-fixture.ts';
import { frost } from '../notify-rig.ts';

const signal = AbortSignal.timeout(60_000);
const words = { gateway: 'Mill gw-1', timeZone: 'Europe/Berlin', pathOf: () => 'Mill/Kitchen' };
const notice = {
  id: 'n1',
  who: 'Ann',
  channel: 'mail',
  to: 'ann@example.org',
  why: 'raised' as const,
  alarm: { ...frost, place: 'kitchen' },
  bornMs: 0,
  dueMs: 0,
  at: 0,
};
const letter: Letter = { id: 'l1', to: 'ann@example.org', notices: [notice] };

const certificateOf = async (t: TestContext) => ownCertificate(await tempDir(t), 'localhost', Date.now());

function mailTo(t: TestContext, smtp: Smtp, options: Partial<EmailOptions>): Channel {
  const login = { user: 'gateway', password: 'secret' };
  const about = { kind: 'email', host: '127.0.0.1', port: smtp.port, tls: 'starttls', from: 'gw@example.org' } as const;
  const channel = openEmail({ ...about, login, patienceMs: 2_000, ...options }, words);
  t.after(() => channel[Symbol.asyncDispose]());
  return channel;
}

for (const tls of ['starttls', 'implicit'] as const) {
  test(`a mail goes out over ${tls}, with login, and says what, where and since when`, async (t) => {
    const certificate = await certificateOf(t);
    const smtp = await startSmtp(t, { certificate, implicit: tls === 'implicit' });
    const mail = mailTo(t, smtp, { tls, ca: certificate.cert });
    assert.deepEqual(await mail.send(letter, signal), { is: 'taken' });
    const [said = ''] = smtp.mails;
    assert.match(said, /^Subject: \[Mill gw-1\] MEDIUM FROST at Mill\/Kitchen\r$/m);
    assert.match(said, /^Message-ID: <l1@example\.org>\r$/m);
    assert.match(said, /^To: ann@example\.org\r$/m);
    assert.match(said, /^It is cold\.\r$/m);
    assert.match(said, /15 Jun 2025/);
  });
}

test('several alarms are one mail', async (t) => {
  const certificate = await certificateOf(t);
  const smtp = await startSmtp(t, { certificate });
  const mail = mailTo(t, smtp, { ca: certificate.cert });
  const other = { ...notice, alarm: { ...notice.alarm, code: 'DAMP' } };
  await mail.send({ ...letter, notices: [notice, other] }, signal);
  assert.match(smtp.mails[0] ?? '', /FROST at Mill\/Kitchen and 1 more/);
  assert.match(smtp.mails[0] ?? '', /MEDIUM DAMP at/);
});

test('a certificate that nobody vouches for, a wrong password and no server at all: away, and nothing was said', async (t) => {
  const certificate = await certificateOf(t);
  const smtp = await startSmtp(t, { certificate });
  const stranger = await mailTo(t, smtp, {}).send(letter, signal);
  assert.equal(stranger.is, 'away');
  const login = { user: 'gateway', password: 'wrong-password' };
  const refused = await mailTo(t, smtp, { ca: certificate.cert, login }).send(letter, signal);
  assert.equal(refused.is, 'away');
  assert.doesNotMatch(JSON.stringify([stranger, refused]), /wrong-password|secret/);
  const plain = await mailTo(t, smtp, { tls: 'none', ca: certificate.cert }).send(letter, signal);
  assert.equal(plain.is, 'away');
  await smtp[Symbol.asyncDispose]();
  assert.equal((await mailTo(t, smtp, { ca: certificate.cert }).send(letter, signal)).is, 'away');
  assert.deepEqual(smtp.mails, []);
});

test('a mailbox that does not exist is refused for good; a server that is slow or busy is tried again', async (t) => {
  const certificate = await certificateOf(t);
  let answer = (): Promise<void> => Promise.resolve();
  const smtp = await startSmtp(t, { certificate, onMail: () => answer() });
  const mail = mailTo(t, smtp, { ca: certificate.cert });
  assert.equal((await mail.send({ ...letter, to: 'nobody@example.org' }, signal)).is, 'refused');
  answer = () => Promise.reject(Object.assign(new Error('busy'), { responseCode: 450 }));
  assert.equal((await mail.send(letter, signal)).is, 'later');
  const { promise: never, resolve } = Promise.withResolvers<void>();
  answer = () => never;
  assert.equal((await mail.send(letter, signal)).is, 'away');
  resolve();
});
