import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import type { Device, Place } from '../asking/types.ts';
import { Act, Form, wordsOf } from '../parts/doing.tsx';
import { Card, Choice, Field } from '../parts/parts.tsx';
import { go } from '../route.ts';

const at = (id: string): string => `/api/v1/devices/${encodeURIComponent(id)}`;

/** Its labels: the id, the topics and the history stay as they are. */
export function DeviceEdit({
  device,
  places,
  again,
}: {
  device: Device;
  places: readonly Place[];
  again: () => Promise<void>;
}) {
  const { id, name, place, tags, version } = device;
  const save = async (field: (name: string) => string): Promise<string> => {
    const labels = { name: field('name'), place: field('place') || null, tags: wordsOf(field('tags')) };
    await ask(at(id), { method: 'PATCH', body: { ...labels, version } });
    await again();
    return 'Saved.';
  };
  return (
    <Card title="Name and room" note="These are labels. Topics, history and the cloud keep the id.">
      <Form submit="Save" busy="Saving…" stays send={save}>
        <Field label="Name" name="name" defaultValue={name} required maxLength={128} />
        <Choice
          label="Room"
          name="place"
          initial={place ?? ''}
          options={[['', 'In no room'], ...places.map((one): [string, string] => [one.id, one.path])]}
        />
        <Field label="Tags" name="tags" defaultValue={tags.join(' ')} hint="With spaces between." />
      </Form>
    </Card>
  );
}

/** The end of its life: new hardware takes over, or it goes. */
export function DeviceEnd({
  device: { id, name, version, lifeCycle },
  again,
}: {
  device: Device;
  again: () => Promise<void>;
}) {
  const [by, change] = useState('');
  const post = async (what: string, body: object = {}): Promise<void> => {
    await ask(`${at(id)}/${what}`, { method: 'POST', body: { version, ...body } });
    await again();
  };
  const remove = async (data: boolean): Promise<void> => {
    await ask(`${at(id)}?data=${data}`, { method: 'DELETE' });
    go('devices');
  };
  if (lifeCycle === 'DECOMMISSIONED') {
    return (
      <Card title="Remove it" note="It is decommissioned: it may not connect any more.">
        <div class="stack">
          <Act busy="Removing…" run={() => remove(false)}>
            Take it off the list
          </Act>
          <Act kind="danger" busy="Removing…" sure={`Remove ${name} and what is kept of it?`} run={() => remove(true)}>
            Remove it and what is kept of it
          </Act>
        </div>
      </Card>
    );
  }
  return (
    <Card title="Replace or decommission">
      <div class="stack">
        <Field
          label="Id of the new hardware"
          value={by}
          maxLength={256}
          hint="It takes over name, room, tags and wishes; this device is decommissioned."
          onInput={(event) => change(event.currentTarget.value)}
        />
        <Act busy="Replacing…" run={() => post('replace', { by: by.trim() })}>
          Replace
        </Act>
        <Act
          kind="danger"
          busy="Decommissioning…"
          sure={`End the life of ${name}? It can not connect any more.`}
          run={() => post('decommission')}
        >
          Decommission
        </Act>
      </div>
    </Card>
  );
}
