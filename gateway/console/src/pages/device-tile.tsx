import type { Device } from '../asking/types.ts';
import type { Values } from '../asking/live-values.ts';
import { Status, type Tone } from '../parts/parts.tsx';
import { metricText, valueText } from '../parts/values.ts';
import { hrefOf } from '../route.ts';

export const lives: Readonly<Record<Device['lifeCycle'], readonly [tone: Tone, text: string]>> = {
  SHADOW: ['off', 'Works here, not yet known to the cloud'],
  ACTIVATED: ['good', 'Known to the cloud'],
  REJECTED: ['bad', 'Refused by the cloud'],
  DECOMMISSIONED: ['off', 'Decommissioned'],
};

/** A device in one look; chosen by a box, or opened. */
export function DeviceTile({
  device,
  values,
  isChosen,
  toggle,
}: {
  device: Device;
  values: Values;
  isChosen: boolean | undefined;
  toggle: (id: string) => void;
}) {
  const { id, name, lifeCycle, tags } = device;
  const [tone, life] = lives[lifeCycle];
  const inside = (
    <>
      <span class="name">{name}</span>
      {name !== id && <small class="mono">{id}</small>}
      <TileValues values={values} />
      <Status tone={tone}>{life}</Status>
      {tags.length > 0 && <small>{tags.join(' · ')}</small>}
    </>
  );
  if (isChosen === undefined) {
    return (
      <a class="tile" href={hrefOf('devices', id)}>
        {inside}
      </a>
    );
  }
  return (
    <label class="tile choice">
      <span class="row">
        <input type="checkbox" checked={isChosen} onChange={() => toggle(id)} />
        <span class="hidden">Choose </span>
      </span>
      {inside}
    </label>
  );
}

/** What people look for first, in this order. */
const first = [
  'smoke',
  'moisture',
  'contact',
  'occupancy',
  'motion',
  'switch.state',
  'position',
  'temperature',
  'humidity',
  'co2',
  'power.active',
  'illuminance',
  'battery',
];
const mostShown = 3;

function TileValues({ values }: { values: Values }) {
  const isAway = values['availability']?.value === false;
  const shown = first
    .flatMap((word) => Object.entries(values).filter(([metric]) => metric.split('@')[0] === word))
    .slice(0, mostShown);
  if (!isAway && shown.length === 0) return null;
  return (
    <span class="values">
      {isAway && <Status tone="bad">Away</Status>}
      {shown.map(([metric, { value }]) => (
        <span key={metric} title={metricText(metric)}>
          {valueText(metric, value)}
        </span>
      ))}
    </span>
  );
}
