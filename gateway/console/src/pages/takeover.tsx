import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import { Act } from '../parts/doing.tsx';
import { Choice, Field, Status, Table, type Tone } from '../parts/parts.tsx';
import { counted } from '../parts/words.ts';

interface DevicesShown {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly devices: readonly { readonly id: string; readonly name: string; readonly is: keyof typeof deviceWords }[];
  readonly notes: readonly string[];
}
interface UsersShown {
  readonly users: readonly {
    readonly user: string;
    readonly is: keyof typeof userWords;
    readonly password?: string;
    readonly publish: readonly string[];
    readonly subscribe: readonly string[];
  }[];
  readonly notes: readonly string[];
}

const deviceWords = {
  new: ['good', 'new'],
  changed: ['warn', 'gets this name'],
  unchanged: ['off', 'as it is'],
} as const satisfies Record<string, readonly [Tone, string]>;
const userWords = {
  kept: ['good', 'goes on with its password'],
  made: ['warn', 'needs a new password'],
  there: ['off', 'here already, stays as it is'],
} as const satisfies Record<string, readonly [Tone, string]>;

/** Devices and users of what was there before: shown first, taken over when that is right. */
export function TakeoverForm({ again }: { again: () => Promise<void> }) {
  const [from, choose] = useState('zigbee2mqtt');
  return (
    <div class="stack">
      <Choice
        label="From"
        options={[
          ['zigbee2mqtt', 'Zigbee2MQTT: devices with their names'],
          ['mosquitto', 'Mosquitto: users with their passwords'],
        ]}
        value={from}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {from === 'mosquitto' ? <FromMosquitto key="m" again={again} /> : <FromZigbee2Mqtt key="z" again={again} />}
    </div>
  );
}

const send = <Answer,>(path: string, content: string): Promise<Answer> =>
  ask<Answer>(path, { method: 'POST', file: { type: 'text/plain', content } });

function FromZigbee2Mqtt({ again }: { again: () => Promise<void> }) {
  const [text, read] = useState<string>();
  const [shown, show] = useState<DevicesShown>();
  const at = (dryRun: boolean): string => `/api/v1/takeover/zigbee2mqtt?dryRun=${dryRun}`;
  const preview = async (): Promise<void> => show(await send<DevicesShown>(at(true), given(text)));
  const take = async (): Promise<string> => {
    const { created, updated } = await send<DevicesShown>(at(false), given(text));
    show(undefined);
    await again();
    return `${counted(created, 'device')} made, ${updated} renamed. Zigbee2MQTT itself needs a login: Connect a device.`;
  };
  return (
    <>
      <TextFile
        label="File of Zigbee2MQTT"
        hint="configuration.yaml, devices.yaml or database.db, from its data folder."
        onText={(next) => (read(next), show(undefined))}
      />
      {shown && (
        <>
          <Table
            label="What comes over"
            rows={shown.devices}
            keyOf={({ id }) => id}
            empty="Nothing."
            columns={[
              { name: 'Device', cell: ({ id }) => <code>{id}</code> },
              { name: 'Name', cell: ({ name }) => name },
              { name: 'It is', cell: ({ is }) => <Status tone={deviceWords[is][0]}>{deviceWords[is][1]}</Status> },
            ]}
          />
          <Notes of={shown.notes} />
        </>
      )}
      <Steps isShown={shown !== undefined} preview={preview} take={take} />
    </>
  );
}

function FromMosquitto({ again }: { again: () => Promise<void> }) {
  const [passwords, readPasswords] = useState<string>();
  const [rules, readRules] = useState<string>();
  const [rights, choose] = useState('');
  const [shown, show] = useState<UsersShown>();
  const [isDone, finish] = useState(false);
  const ask = (dryRun: boolean): Promise<UsersShown> => {
    const query = new URLSearchParams({ dryRun: String(dryRun), ...(rights !== '' && { rights }) });
    return send<UsersShown>(`/api/v1/takeover/mosquitto?${query.toString()}`, `${given(passwords)}\n${rules ?? ''}`);
  };
  const preview = async (): Promise<void> => (finish(false), show(await ask(true)));
  const take = async (): Promise<string> => {
    show(await ask(false));
    finish(true);
    await again();
    return 'Taken over. Point the devices at this gateway; new passwords are shown this once.';
  };
  const changed = (): void => (finish(false), show(undefined));
  return (
    <>
      <TextFile
        label="Password file"
        hint="password_file of mosquitto.conf."
        onText={(next) => (readPasswords(next), changed())}
      />
      <TextFile
        label="Access file, if there is one"
        hint="acl_file of mosquitto.conf."
        onText={(next) => (readRules(next), changed())}
      />
      <Choice
        label="Without an access file they may"
        value={rights}
        onChange={(event) => (choose(event.currentTarget.value), changed())}
        options={[
          ['', 'do nothing: there is an access file'],
          ['everything', 'do everything, as at Mosquitto'],
          ['reader', 'only read'],
        ]}
      />
      {shown && (
        <>
          <Table
            label="Who comes over"
            rows={shown.users}
            keyOf={({ user }) => user}
            empty="Nobody."
            columns={[
              { name: 'User', cell: ({ user }) => user },
              {
                name: 'It',
                cell: ({ is, password }) =>
                  password === undefined ? (
                    <Status tone={userWords[is][0]}>{userWords[is][1]}</Status>
                  ) : (
                    <code>{password}</code>
                  ),
              },
              { name: 'May send', cell: ({ publish }) => <code>{publish.join(', ') || 'nothing'}</code> },
              { name: 'May read', cell: ({ subscribe }) => <code>{subscribe.join(', ') || 'nothing'}</code> },
            ]}
          />
          <Notes of={shown.notes} />
        </>
      )}
      <Steps isShown={shown !== undefined && !isDone} preview={preview} take={take} />
    </>
  );
}

function Steps({
  isShown,
  preview,
  take,
}: {
  isShown: boolean;
  preview: () => Promise<void>;
  take: () => Promise<string>;
}) {
  return (
    <div class="row">
      <Act kind={isShown ? 'quiet' : 'main'} busy="Reading the file…" run={preview}>
        Show what would come over
      </Act>
      <Act kind="main" busy="Taking over…" run={take} isOff={!isShown}>
        Take it over
      </Act>
    </div>
  );
}

function Notes({ of }: { of: readonly string[] }) {
  return of.length === 0 ? null : (
    <ul class="said warn">
      {of.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

function TextFile({
  label,
  hint,
  onText,
}: {
  label: string;
  hint: string;
  onText: (text: string | undefined) => void;
}) {
  const read = async (file: File | undefined): Promise<void> => onText(file && (await file.text()));
  return (
    <Field label={label} hint={hint} type="file" onChange={(event) => void read(event.currentTarget.files?.[0])} />
  );
}

function given(text: string | undefined): string {
  if (text === undefined) throw new Error('Choose a file first.');
  return text;
}
