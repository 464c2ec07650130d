import type { Device } from '../asking/types.ts';
import { Status, type Tone } from '../parts/parts.tsx';
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
  isChosen,
  toggle,
}: {
  device: Device;
  isChosen: boolean | undefined;
  toggle: (id: string) => void;
}) {
  const { id, name, lifeCycle, tags } = device;
  const [tone, life] = lives[lifeCycle];
  const inside = (
    <>
      <span class="name">{name}</span>
      {name !== id && <small class="mono">{id}</small>}
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
