import type { GroupRecord } from '../../../../contracts/registry.ts';
import { ask } from '../asking/ask.ts';
import type { PlaceList } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Choice, Field, Waiting } from '../parts/parts.tsx';

/** Who is responsible for which places: residents see and control what is in the areas of their groups. */
export function GroupsCard({ people }: { people: readonly string[] }) {
  const groups = useAsk<{ groups: readonly GroupRecord[] }>('/api/v1/groups');
  const places = useAsk<PlaceList>('/api/v1/places');
  const all = places.data?.places ?? [];
  const add = async (field: (name: string) => string): Promise<string> => {
    await ask('/api/v1/groups', { method: 'POST', body: { name: field('name') } });
    await groups.again();
    return `The group ${field('name')} is made. Put people and places into it.`;
  };
  return (
    <Card
      title="Responsible for"
      note="A group is responsible for places, with everything in them; its residents see and control that."
    >
      <div class="stack">
        {groups.data === undefined ? (
          <Waiting error={groups.error} what="the groups" />
        ) : (
          <ul class="list">
            {groups.data.groups.map((group) => (
              <GroupRow key={group.id} group={group} people={people} places={all} again={groups.again} />
            ))}
          </ul>
        )}
        <Form submit="Add the group" busy="Adding…" isInline send={add}>
          <Field label="Name of a group" name="name" required maxLength={64} />
        </Form>
      </div>
    </Card>
  );
}

function GroupRow({
  group: { id, name, members, areas, version },
  people,
  places,
  again,
}: {
  group: GroupRecord;
  people: readonly string[];
  places: PlaceList['places'];
  again: () => Promise<void>;
}) {
  const at = `/api/v1/groups/${encodeURIComponent(id)}`;
  const edit = async (body: object): Promise<void> => {
    await ask(at, { method: 'PATCH', body: { ...body, version } });
    await again();
  };
  const remove = async (): Promise<void> => {
    await ask(at, { method: 'DELETE' });
    await again();
  };
  const pathOf = (place: string): string => places.find((one) => one.id === place)?.path ?? place;
  return (
    <li>
      <p>
        <strong>{name}</strong>: {members.join(', ') || 'nobody yet'}
        <br />
        <span class="soft">{areas.map(pathOf).join(', ') || 'responsible for nothing yet'}</span>
      </p>
      <details>
        <summary>Change {name}</summary>
        <div class="stack">
          <Editing {...{ name, members, areas, people, places, edit, pathOf }} />
          <Act kind="danger" busy="Removing…" sure={`Remove the group ${name}?`} run={remove}>
            Remove the group
          </Act>
        </div>
      </details>
    </li>
  );
}

/** Who is in it and for what it stands, each to be changed. */
function Editing({
  name,
  members,
  areas,
  people,
  places,
  edit,
  pathOf,
}: Pick<GroupRecord, 'name' | 'members' | 'areas'> & {
  people: readonly string[];
  places: PlaceList['places'];
  edit: (body: object) => Promise<void>;
  pathOf: (place: string) => string;
}) {
  const fresh = people.filter((one) => !members.includes(one));
  return (
    <>
      <div class="row">
        {members.map((one) => (
          <Act
            key={one}
            kind="quiet"
            busy="Taking out…"
            run={() => edit({ members: members.filter((other) => other !== one) })}
          >
            Take {one} out
          </Act>
        ))}
        {areas.map((one) => (
          <Act
            key={one}
            kind="quiet"
            busy="Taking out…"
            run={() => edit({ areas: areas.filter((other) => other !== one) })}
          >
            No longer {pathOf(one)}
          </Act>
        ))}
      </div>
      {fresh.length > 0 && (
        <Form
          submit="Add them"
          busy="Adding…"
          isInline
          stays
          send={(field) => edit({ members: [...members, field('member')] })}
        >
          <Choice label={`Person for ${name}`} name="member" options={fresh.map((one) => [one, one])} />
        </Form>
      )}
      <Form
        submit="Make responsible"
        busy="Changing…"
        isInline
        stays
        send={(field) => edit({ areas: [...new Set([...areas, field('area')])] })}
      >
        <Choice label={`Place for ${name}`} name="area" options={places.map((one) => [one.id, one.path])} />
      </Form>
    </>
  );
}
