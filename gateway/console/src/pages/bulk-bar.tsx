import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import type { Device, Place } from '../asking/types.ts';
import { Form, wordsOf } from '../parts/doing.tsx';
import { Card, Choice, Field } from '../parts/parts.tsx';
import { counted } from '../parts/words.ts';

const doings = [
  ['move', 'Put into a room'],
  ['tag', 'Add tags'],
  ['untag', 'Take tags away'],
  ['retry', 'Offer to the cloud again'],
  ['decommission', 'Decommission'],
] as const;

/** One change for all chosen devices, all of them or none. */
export function BulkBar({
  chosen,
  all,
  choose,
  places,
  done,
}: {
  chosen: ReadonlySet<string>;
  all: readonly Device[];
  choose: (to: ReadonlySet<string>) => void;
  places: readonly Place[];
  done: () => Promise<void>;
}) {
  const [what, change] = useState<string>('move');
  const send = async (field: (name: string) => string): Promise<string> => {
    const body = {
      select: { ids: [...chosen] },
      do: what,
      ...(what === 'move' && { place: field('place') }),
      ...(what.endsWith('tag') && { tags: wordsOf(field('tags')) }),
    };
    if (chosen.size === 0) throw new Error('Choose at least one device first.');
    const { changed } = await ask<{ changed: readonly string[] }>('/api/v1/operations', { method: 'POST', body });
    await done();
    return `${counted(changed.length, 'device')} changed.`;
  };
  const chooseAll = (
    <button type="button" class="quiet" onClick={() => choose(new Set(all.map(({ id }) => id)))}>
      Choose all {all.length}
    </button>
  );
  return (
    <Card title={`${counted(chosen.size, 'device')} chosen`}>
      <Form
        submit={`Change ${counted(chosen.size, 'device')}`}
        busy="Changing…"
        kind={what === 'decommission' ? 'danger' : 'main'}
        isInline
        stays
        more={chooseAll}
        send={send}
      >
        <Choice
          label="What to do"
          options={doings}
          value={what}
          onChange={(event) => change(event.currentTarget.value)}
        />
        {what === 'move' && (
          <Choice
            label="Room"
            name="place"
            required
            options={places.map(({ id, path }): [string, string] => [id, path])}
          />
        )}
        {what.endsWith('tag') && (
          <Field label="Tags" name="tags" required hint="Letters and digits, with spaces between." />
        )}
      </Form>
      {what === 'move' && places.length === 0 && (
        <p class="said warn">There is no room yet. Make one under Rooms first.</p>
      )}
    </Card>
  );
}
