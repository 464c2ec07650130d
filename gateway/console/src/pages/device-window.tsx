import { useEffect, useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import type { DeviceWindow } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Choice, Status } from '../parts/parts.tsx';
import { ago } from '../parts/words.ts';
import { families } from './settings.ts';

const path = '/api/v1/device-window';

/** Five minutes in which an unknown device may ask to be let in with the name and password that it has. */
export function DeviceWindowCard({ watch }: { watch: () => Promise<void> }) {
  const { data, again } = useAsk<DeviceWindow>(path, 2000);
  const change = (method: 'POST' | 'DELETE') => async (): Promise<void> => {
    await ask(path, { method, ...(method === 'POST' && { body: {} }) });
    await again();
  };
  const letIn = async (id: string, profile: string): Promise<string> => {
    await watch();
    const { user } = await ask<{ user: string }>(`${path}/${id}/admit`, { method: 'POST', body: { profile } });
    await again();
    return `${user} may connect. Its next try gets in.`;
  };
  return (
    <Card
      title="Or let the device ask"
      note="A device that has the gateway’s address and a name and password of its own (8 characters or more) can ask by itself: open the window, switch the device on, and let it in here. Nobody gets in before that. The window closes after five minutes."
    >
      {data?.open ? (
        <p class="row">
          <Status tone="warn">
            The window is open for <Countdown ms={data.closesInMs ?? 0} /> more
          </Status>
          <Act busy="Closing…" kind="quiet" run={change('DELETE')}>
            Close it
          </Act>
        </p>
      ) : (
        <Act busy="Opening…" run={change('POST')}>
          Open for five minutes
        </Act>
      )}
      {data?.open && data.waiting.length === 0 && (
        <p class="empty" role="status">
          Nobody has asked yet. Devices try again by themselves, most within half a minute.
        </p>
      )}
      <ul class="list">
        {data?.waiting.map(({ id, user, clientId, address, profile, at }) => (
          <li key={id}>
            <p>
              <strong>{user}</strong>{' '}
              <span class="soft">
                asked {ago(at)} from {address}
                {clientId !== user && `, client id ${clientId}`}
              </span>
            </p>
            {data.waiting.filter((other) => other.user === user).length > 1 && (
              <p class="said warn">Several ask with this name. Let in only the one whose address you know.</p>
            )}
            <Form submit="Let it in" busy="Letting it in…" isInline send={(field) => letIn(id, field('profile'))}>
              <Choice
                label="What it is"
                name="profile"
                initial={profile ?? 'generic'}
                options={families.map((family) => [family.profile, family.name])}
              />
            </Form>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Counts down between two answers. */
function Countdown({ ms }: { ms: number }) {
  const [shown, show] = useState(ms);
  useEffect(() => {
    show(ms);
    const timer = setInterval(() => show((left) => Math.max(0, left - 1000)), 1000);
    return () => clearInterval(timer);
  }, [ms]);
  const seconds = Math.round(shown / 1000);
  return (
    <span class="mono">
      {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')}
    </span>
  );
}
