import { useState } from 'preact/hooks';
import type { ShownTwin } from '../../../../contracts/twin.ts';
import { command, stateTexts } from '../asking/commands.ts';
import type { PluginCommand } from '../asking/types.ts';
import { Said, useDoing } from '../parts/doing.tsx';
import { Card, Field } from '../parts/parts.tsx';
import { metricText, valueText } from '../parts/values.ts';

type Send = (name: string, args: object) => void;

/** What the device can be told, from what it says of itself and what its plugin can write. */
export function DeviceControls({
  id,
  twin,
  commands,
  again,
}: {
  id: string;
  twin: ShownTwin | undefined;
  commands: readonly PluginCommand[];
  again: () => Promise<void>;
}) {
  const doing = useDoing();
  const [step, tell] = useState('');
  const can = new Set(commands.map(({ name }) => name));
  const known = Object.entries(twin?.reported.state ?? {});
  const send: Send = (name, args) =>
    void doing.run(async () => {
      tell('Asking the gateway');
      await command(id, name, args, (state) => tell(stateTexts[state]));
      await again();
      return 'Done: the device says so itself.';
    });
  const controls = known.flatMap(([key, { value }]) => {
    const control = controlOf(key, value, can, send, doing.isBusy);
    return control === undefined ? [] : [<div key={key}>{control}</div>];
  });
  if (controls.length === 0 && !can.has('switch')) return null;
  return (
    <Card title="Control">
      <div class="stack">
        {controls}
        {controls.length === 0 && (
          <details>
            <summary>It has not said what can be switched. Try all the same</summary>
            <BareSwitch send={send} isBusy={doing.isBusy} />
          </details>
        )}
        <p class="soft" role="status">
          {doing.isBusy && `${step}…`}
        </p>
      </div>
      <Said said={doing.said} />
    </Card>
  );
}

/** The control of one metric, where there is a command for it. */
function controlOf(
  key: string,
  value: boolean | number | string,
  can: ReadonlySet<string>,
  send: Send,
  isBusy: boolean,
) {
  const [word = '', ep] = key.split('@');
  const where = ep === undefined ? {} : { ep };
  const label = metricText(key);
  const lamp = can.has('light') && word.startsWith('light.');
  if (word === 'switch.state' && can.has('switch')) {
    return (
      <OnOff label={label} isOn={value === true} isBusy={isBusy} send={(on) => send('switch', { on, ...where })} />
    );
  }
  if (word === 'light.brightness' && lamp && typeof value === 'number') {
    return (
      <Slider
        label={label}
        metric={key}
        value={value}
        most={100}
        isBusy={isBusy}
        send={(brightness) => send('light', { brightness, ...where })}
      />
    );
  }
  if (word === 'light.color_temp' && lamp && typeof value === 'number') {
    return (
      <Slider
        label={label}
        metric={key}
        value={value}
        least={2000}
        most={6500}
        step={50}
        isBusy={isBusy}
        send={(to) => send('light', { color_temp: to, ...where })}
      />
    );
  }
  if (word === 'position' && can.has('cover') && typeof value === 'number') {
    return (
      <Slider
        label="Open"
        metric={key}
        value={value}
        most={100}
        isBusy={isBusy}
        send={(position) => send('cover', { position, ...where })}
      />
    );
  }
  if (word === 'setpoint.heat' && can.has('setpoint') && typeof value === 'number') {
    return (
      <Slider
        label={label}
        metric={key}
        value={value}
        least={5}
        most={30}
        step={0.5}
        isBusy={isBusy}
        send={(celsius) => send('setpoint', { celsius, ...where })}
      />
    );
  }
  return undefined;
}

function OnOff({
  label,
  isOn,
  isBusy,
  send,
}: {
  label: string;
  isOn: boolean;
  isBusy: boolean;
  send: (on: boolean) => void;
}) {
  return (
    <div class="row">
      <span>{label}</span>
      <div class="row" role="group" aria-label={label}>
        {[true, false].map((on) => (
          <button
            key={String(on)}
            type="button"
            class={on === isOn ? 'main' : undefined}
            aria-pressed={on === isOn}
            disabled={isBusy}
            onClick={() => send(on)}
          >
            {on ? 'On' : 'Off'}
          </button>
        ))}
      </div>
    </div>
  );
}

function Slider({
  label,
  metric,
  value,
  least = 0,
  most,
  step = 1,
  isBusy,
  send,
}: {
  label: string;
  metric: string;
  value: number;
  least?: number;
  most: number;
  step?: number;
  isBusy: boolean;
  send: (value: number) => void;
}) {
  const [wanted, want] = useState<number>();
  const shown = wanted ?? Math.round(value / step) * step;
  return (
    <label class="field">
      <span>
        {label}: {valueText(metric, shown)}
      </span>
      <input
        type="range"
        min={least}
        max={most}
        step={step}
        value={shown}
        disabled={isBusy}
        onInput={(event) => want(Number(event.currentTarget.value))}
        onChange={(event) => {
          send(Number(event.currentTarget.value));
          want(undefined);
        }}
      />
    </label>
  );
}

/** For a device that has not said yet what it has. */
function BareSwitch({ send, isBusy }: { send: Send; isBusy: boolean }) {
  const [ep, change] = useState('');
  const args = (on: boolean): object => ({ on, ...(ep.trim() !== '' && { ep: ep.trim() }) });
  return (
    <div class="row">
      <Field
        label="Which output, where it has several"
        value={ep}
        maxLength={64}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <button type="button" disabled={isBusy} onClick={() => send('switch', args(true))}>
        On
      </button>
      <button type="button" disabled={isBusy} onClick={() => send('switch', args(false))}>
        Off
      </button>
    </div>
  );
}
