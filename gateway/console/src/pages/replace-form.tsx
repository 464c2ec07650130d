import { useState } from 'preact/hooks';
import type { PassportFound, PassportState } from '../../../../contracts/passport.ts';
import { ask } from '../asking/ask.ts';
import { sendParts } from '../asking/send-parts.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act } from '../parts/doing.tsx';
import { Field, Status } from '../parts/parts.tsx';
import { bytes } from '../parts/words.ts';
import { Found, passportPath, patienceMs, useMayHandle } from './passport-card.tsx';

/** A passport of another gateway: this one becomes it at its next start. */
export function ReplaceForm() {
  const may = useMayHandle();
  const { data, again } = useAsk<PassportState>(may ? passportPath : undefined);
  const [file, choose] = useState<File>();
  const [passphrase, say] = useState('');
  const [sent, tell] = useState(0);
  if (!may) return <p class="empty">Only an administrator may put another gateway in the place of this one.</p>;
  if (data?.waits) return <Waits of={data.waits} restarts={data.restarts} again={again} />;
  const take = async (): Promise<void> => {
    if (file === undefined) throw new Error('Choose the file of the passport first.');
    await sendParts(file, (offset) => `${passportPath}/arrival/parts?offset=${offset}`, tell);
    const body = { passphrase };
    await ask<PassportFound>(`${passportPath}/arrival`, { method: 'POST', body, answerMs: patienceMs });
    await again();
  };
  return (
    <div class="stack">
      <Field label="Passport" type="file" onChange={(event) => choose(event.currentTarget.files?.[0])} />
      <Field
        label="Its passphrase"
        type="password"
        value={passphrase}
        onInput={(event) => say(event.currentTarget.value)}
        maxLength={256}
      />
      <Act
        kind="main"
        busy={file && sent < file.size ? `Sending ${bytes(sent)} of ${bytes(file.size)}…` : 'Proving it…'}
        sure="Everything on this gateway is moved aside, its accounts too. Go on?"
        run={take}
      >
        Become this gateway
      </Act>
      <small>
        It is proven before anything changes. Switch the board off that it comes from: of the two the far sides hear the
        one that delivers first with it, and the other one only keeps what comes in.
      </small>
    </div>
  );
}

function Waits({ of, restarts, again }: { of: PassportFound; restarts: boolean; again: () => Promise<void> }) {
  const withdraw = async (): Promise<void> => {
    await ask(`${passportPath}/arrival`, { method: 'DELETE' });
    await again();
  };
  return (
    <div class="stack">
      <p role="status">
        <Status tone="warn">
          {restarts
            ? 'It is proven. The gateway starts anew as it; then sign in with an account of that.'
            : 'It is proven and waits: start the gateway anew, then sign in with an account of that.'}
        </Status>
      </p>
      <Found of={of} />
      {!restarts && (
        <Act kind="danger" busy="Taking it back…" run={withdraw}>
          Leave this gateway as it is
        </Act>
      )}
    </div>
  );
}
