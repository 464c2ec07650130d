import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import { devicesPath } from '../asking/first.ts';
import type { DeviceList } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Form } from '../parts/doing.tsx';
import { Card, Choice, Field, Page, Status } from '../parts/parts.tsx';
import { hrefOf } from '../route.ts';
import { DeviceWindowCard } from './device-window.tsx';
import { LoginCard } from './login-card.tsx';
import { families, userPattern, type Login } from './settings.ts';
import { useBroker } from './use-broker.ts';

/** A login for a new device, what to enter there, and the moment when it speaks. */
export function NewDevicePage() {
  const broker = useBroker();
  const [made, show] = useState<{
    readonly login: Login;
    readonly profile: string;
  }>();
  const [before, remember] = useState<ReadonlySet<string>>();
  const devices = useAsk<DeviceList>(devicesPath, before ? 2000 : undefined);
  const watch = async (): Promise<void> => {
    const { devices: known } = await ask<DeviceList>(devicesPath);
    remember(new Set(known.map(({ id }) => id)));
  };
  const make = async (user: string, profile: string): Promise<void> => {
    await watch();
    const issued = await ask<{ user: string; password: string }>('/api/v1/credentials', {
      method: 'POST',
      body: { user, profile },
    });
    show({ login: { ...broker, ...issued }, profile });
  };
  return (
    <Page
      title="Connect a device"
      lead="Three steps: make a login, enter it in the device, and see it appear here."
      actions={<a href={hrefOf('devices')}>Back to the devices</a>}
    >
      {!broker.isOpen && (
        <p class="said warn">
          The gateway listens to its own machine only. Set <code>mqtt.host: 0.0.0.0</code> in its configuration, so that
          devices of the network can connect.
        </p>
      )}
      <div class="cards">
        <Card title="1. Make a login">
          <Form submit="Make the login" busy="Making…" send={(field) => make(field('user'), field('profile'))}>
            <Choice label="What it is" name="profile" options={families.map(({ profile, name }) => [profile, name])} />
            <Field
              label="Name for the login"
              name="user"
              required
              pattern={userPattern.source}
              maxLength={32}
              hint="Letters, digits, - and _, such as pantry-lamp. The name that people see is given later."
            />
          </Form>
        </Card>
        {made && (
          <Card title="2. Enter it in the device">
            <LoginCard login={made.login} profile={made.profile} />
          </Card>
        )}
        {before && (
          <Card title="3. See it appear">
            <Arrivals fresh={(devices.data?.devices ?? []).filter(({ id }) => !before.has(id))} />
          </Card>
        )}
        <DeviceWindowCard watch={watch} />
      </div>
    </Page>
  );
}

function Arrivals({ fresh }: { fresh: DeviceList['devices'] }) {
  if (fresh.length === 0) {
    return (
      <p class="empty" role="status">
        Waiting for the device to speak… If nothing comes within a minute, compare the login in the device letter by
        letter, and look at Delivery for messages that could not be used.
      </p>
    );
  }
  return (
    <ul class="list" role="status">
      {fresh.map(({ id, name }) => (
        <li key={id}>
          <Status tone="good">It is here:</Status> <a href={hrefOf('devices', id)}>{name}</a>. Give it a name and a
          room.
        </li>
      ))}
    </ul>
  );
}
