import type { ShownTwin } from '../../../../contracts/twin.ts';
import { Card, Waiting } from '../parts/parts.tsx';
import { metricText, valueText } from '../parts/values.ts';
import { ago } from '../parts/words.ts';

/** How the device is now. */
export function DeviceValues({
  id,
  twin,
  error,
}: {
  id: string;
  twin: ShownTwin | undefined;
  error: string | undefined;
}) {
  const values = Object.entries(twin?.reported.state ?? {}).filter(([key]) => key !== 'availability');
  return (
    <Card title="Now" wide>
      {twin === undefined ? (
        <Waiting error={error} what={`the values of ${id}`} />
      ) : values.length === 0 ? (
        <p class="empty">It has not said how it is yet.</p>
      ) : (
        <div class="values-grid">
          {values.map(([key, { value, at }]) => (
            <div class="value" key={key}>
              <span class="what">{metricText(key)}</span>
              <span class="much">{valueText(key, value)}</span>
              <small>{ago(at)}</small>
            </div>
          ))}
        </div>
      )}
    </Card>
  );
}
