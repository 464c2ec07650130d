import type { KeptPassport, PassportFound, PassportState } from '../../../../contracts/passport.ts';
import { ask } from '../asking/ask.ts';
import { session } from '../asking/session.ts';
import { useStore } from '../asking/store.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Facts, Field, Status } from '../parts/parts.tsx';
import { save } from '../parts/save.ts';
import { bytes, counted, whenExactly } from '../parts/words.ts';

export const passportPath = '/api/v1/system/passport';
/** A large database on a slow card takes its time. */
export const patienceMs = 3_600_000;

/** Only administrators may make or take one. */
export function useMayHandle(): boolean {
  return useStore(session.state)?.actor.role === 'administrator';
}

export function PassportCard() {
  return useMayHandle() ? (
    <Card
      title="Passport"
      note="The whole gateway in one encrypted file: devices and their logins, rooms, rules, flows, accounts, history, plugins, configuration, and what is not delivered yet."
    >
      <PassportForm />
    </Card>
  ) : null;
}

/** Makes one, says what the proof found in it, and gives it away. */
export function PassportForm() {
  const { data, again } = useAsk<PassportState>(passportPath);
  const make = async (field: (name: string) => string): Promise<string> => {
    const passphrase = field('passphrase');
    if (passphrase !== field('again')) throw new Error('The two passphrases are not the same.');
    await ask(passportPath, { method: 'POST', body: { passphrase }, answerMs: patienceMs });
    await again();
    return 'It is made, and was restored beside to prove it. Save it now.';
  };
  return (
    <div class="stack">
      <Form submit="Make a passport" busy="Making and proving it…" send={make}>
        <Field
          label="Passphrase"
          name="passphrase"
          type="password"
          autocomplete="new-password"
          required
          minLength={12}
          maxLength={256}
          hint="12 characters or more, such as four words. Nothing keeps it, and nothing opens the passport without it."
        />
        <Field
          label="The same again"
          name="again"
          type="password"
          autocomplete="new-password"
          required
          maxLength={256}
        />
      </Form>
      {data?.made && <Made of={data.made} />}
    </div>
  );
}

function Made({ of: { bytes: size, found } }: { of: KeptPassport }) {
  const who = useStore(session.state);
  const file = `${passportPath}/file`;
  const fetchIt = async (): Promise<string> => {
    const content = await ask<Blob>(file, { answerMs: patienceMs });
    save(`${found.gateway}.passport`, content, 'application/octet-stream');
    return 'Saved.';
  };
  return (
    <div class="stack">
      <p>
        <Status tone="good">Restored beside and read whole</Status>
      </p>
      <Found of={found} />
      {who?.actor.kind === 'person' ? (
        <p>
          <a class="button main" href={file} download>
            Save the passport, {bytes(size)}
          </a>
        </p>
      ) : (
        // A token does not go with a link.
        <Act kind="main" busy="Fetching…" run={fetchIt}>
          Save the passport, {bytes(size)}
        </Act>
      )}
      <small>It stays on this gateway until the next one is made or the gateway starts anew.</small>
    </div>
  );
}

/** What the proof found, in words. */
export function Found({ of }: { of: PassportFound }) {
  return (
    <Facts
      of={[
        ['Gateway', `${of.gateway}, as of ${whenExactly(of.madeAt)}`],
        ['House', `${counted(of.devices, 'device')}, ${counted(of.places, 'place')}, ${counted(of.twins, 'twin')}`],
        ['Who may', `${counted(of.accounts, 'account')}, ${counted(of.credentials, 'login')} of devices`],
        [
          'What it does',
          `${counted(of.rules, 'rule')}, ${counted(of.flows, 'flow document')}, ${counted(of.plugins, 'plugin')} of this site`,
        ],
        ['Configuration', of.isConfigured ? 'with the files that it names' : 'not in it'],
        ...of.sinks.map(
          ({ sink, buffered, balanced }) =>
            [
              `For ${sink}`,
              <Status key={sink} tone={balanced ? 'good' : 'bad'}>
                {counted(buffered, 'record')} undelivered, the ledger {balanced ? 'balances' : 'does not balance'}
              </Status>,
            ] as const,
        ),
      ]}
    />
  );
}
