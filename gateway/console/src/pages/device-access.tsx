import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import type { Device } from '../asking/types.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Choice, Status } from '../parts/parts.tsx';
import { LoginCard } from './login-card.tsx';
import { families, type Login } from './settings.ts';
import { useBroker } from './use-broker.ts';

const profileOf: Readonly<Record<string, string>> = {
  ha: 'esphome',
  z2m: 'zigbee2mqtt',
  shelly: 'shelly',
  tasmota: 'tasmota',
};

/** With which password the device connects. */
export function DeviceAccessCard({ device: { id, user }, again }: { device: Device; again: () => Promise<void> }) {
  const broker = useBroker();
  const [issued, show] = useState<{ readonly login: Login; readonly profile: string }>();
  const at = `/api/v1/devices/${encodeURIComponent(id)}/credentials`;
  const guess = profileOf[id.split(':')[0] ?? ''] ?? 'generic';
  const make = async (path: string, profile: string, body: object): Promise<void> => {
    const made = await ask<{ user: string; password: string }>(path, { method: 'POST', body });
    show({ login: { ...broker, ...made }, profile });
    await again();
  };
  const revoke = async (): Promise<void> => {
    await ask(at, { method: 'DELETE' });
    show(undefined);
    await again();
  };
  return (
    <Card title="Its login">
      {issued && <LoginCard {...issued} />}
      {user === undefined ? (
        <Form
          submit="Make a login"
          busy="Making…"
          send={(field) => make(at, field('profile'), { profile: field('profile') })}
        >
          <p class="note">It has no login of its own: it connects without one, or through a bridge.</p>
          <Choice
            label="What it is"
            name="profile"
            initial={guess}
            options={families.map(({ profile, name }) => [profile, name])}
          />
        </Form>
      ) : (
        <div class="stack">
          <p>
            <Status tone="good">
              It connects as <code>{user}</code>
            </Status>
          </p>
          <div class="row">
            <Act busy="Making…" run={() => make(`${at}/rotate`, guess, {})}>
              New password
            </Act>
            <Act kind="danger" busy="Ending…" sure="It is disconnected at once. Go on?" run={revoke}>
              End its login
            </Act>
          </div>
          <small>After a new password the one before goes on until the next one is made.</small>
        </div>
      )}
    </Card>
  );
}
