import { ask } from '../asking/ask.ts';
import type { Place, PlaceList } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Choice, Field, Page, Waiting } from '../parts/parts.tsx';
import { hrefOf } from '../route.ts';

const under = { building: 'floor', floor: 'area', area: 'room' } as const;

/** Buildings, floors, areas and rooms: made, renamed, removed. */
export function RoomsPage() {
  const { data, error, again } = useAsk<PlaceList>('/api/v1/places');
  return (
    <Page
      title="Rooms"
      lead="A building has floors, a floor has areas, an area has rooms. Devices can be in any of them."
      actions={<a href={hrefOf('devices')}>Back to the devices</a>}
    >
      {data === undefined ? (
        <Waiting error={error} what="the rooms" />
      ) : (
        <div class="cards">
          <Card title="What there is">
            <ul class="list">
              {data.places.map((place) => (
                <PlaceRow key={place.id} place={place} again={again} />
              ))}
            </ul>
            {data.places.length === 0 && (
              <p class="empty">Nothing yet. Make a whole house at once, or add a building.</p>
            )}
          </Card>
          <div class="stack">
            <Card title="Add a place">
              <AddPlace places={data.places} again={again} />
            </Card>
            <Card title="Make a whole house" note="What is there already stays.">
              <HouseForm again={again} />
            </Card>
          </div>
        </div>
      )}
    </Page>
  );
}

function PlaceRow({ place: { id, kind, name, path, version }, again }: { place: Place; again: () => Promise<void> }) {
  const change = async (method: 'PATCH' | 'DELETE', body?: object): Promise<void> => {
    const target = `/api/v1/places/${encodeURIComponent(id)}`;
    await ask(method === 'DELETE' ? `${target}?version=${version}` : target, { method, ...(body && { body }) });
    await again();
  };
  return (
    <li>
      <details>
        <summary>
          {path} <small>{kind}</small>
        </summary>
        <Form
          submit="Rename"
          busy="Renaming…"
          isInline
          send={(field) => change('PATCH', { name: field('name'), version })}
        >
          <Field label="Name" name="name" defaultValue={name} required maxLength={64} />
        </Form>
        <Act kind="danger" busy="Removing…" sure={`Remove ${path}?`} run={() => change('DELETE')}>
          Remove
        </Act>
      </details>
    </li>
  );
}

function AddPlace({ places, again }: { places: readonly Place[]; again: () => Promise<void> }) {
  const parents = places.filter(({ kind }) => kind !== 'room');
  const options: [string, string][] = [
    ['', 'Nothing: a new building'],
    ...parents.map(({ id, path, kind }): [string, string] => [
      id,
      `${path}: a new ${kind === 'room' ? '' : under[kind]}`,
    ]),
  ];
  return (
    <Form
      submit="Add"
      busy="Adding…"
      send={async (field) => {
        const parent = parents.find(({ id }) => id === field('parent'));
        const kind = parent === undefined ? 'building' : under[parent.kind as keyof typeof under];
        await ask('/api/v1/places', {
          method: 'POST',
          body: { kind, name: field('name'), ...(parent && { parent: parent.id }) },
        });
        await again();
        return `The ${kind} is there.`;
      }}
    >
      <Choice label="In" name="parent" options={options} />
      <Field label="Name" name="name" required maxLength={64} />
    </Form>
  );
}

const rooms = ['Kitchen', 'Living room', 'Bathroom', 'Bedroom', 'Hall'];

/** A building with one floor, one area and its rooms, all in one step. */
export function HouseForm({ again }: { again: () => Promise<void> }) {
  return (
    <Form
      submit="Make it"
      busy="Making it…"
      send={async (field) => {
        const names = field('rooms')
          .split(/[,\n]/)
          .map((name) => name.trim())
          .filter((name) => name !== '');
        const areas = [{ name: field('area'), rooms: names }];
        const body = { buildings: [{ name: field('building'), floors: [{ name: field('floor'), areas }] }] };
        const { places } = await ask<{ places: number }>('/api/v1/templates', { method: 'POST', body });
        await again();
        return places === 0 ? 'All of it was there already.' : `${places} places were made.`;
      }}
    >
      <Field label="Building" name="building" defaultValue="Home" required maxLength={64} />
      <Field label="Floor" name="floor" defaultValue="Ground floor" required maxLength={64} />
      <Field label="Area" name="area" defaultValue="Flat" required maxLength={64} />
      <Field label="Rooms" name="rooms" defaultValue={rooms.join(', ')} required hint="With commas between." />
    </Form>
  );
}
