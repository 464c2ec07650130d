import { useAsk } from '../asking/use-ask.ts';
import { Card, Status, Table, Waiting } from '../parts/parts.tsx';

interface Hardware {
  readonly serial: readonly {
    readonly port: string;
    readonly state: keyof typeof states;
    readonly stations: readonly { readonly station: string; readonly isOnline: boolean }[];
  }[];
  readonly gpio: readonly {
    readonly line: string;
    readonly as: string;
    readonly place: string;
    readonly state: keyof typeof states;
  }[];
}

const states = {
  missing: ['warn', 'not plugged in'],
  failed: ['bad', 'there, but cannot be opened'],
  open: ['good', 'works'],
} as const;

/** Serial adapters and lines of the header, as the configuration names them. */
export function HardwareCard() {
  const { data, error } = useAsk<Hardware>('/api/v1/hardware', 10_000);
  if (data === undefined) {
    return (
      <Card title="Serial and GPIO">
        <Waiting error={error} what="the hardware" />
      </Card>
    );
  }
  const rows = [
    ...data.serial.map(({ port, state, stations }) => ({
      name: port,
      what: `serial, ${stations.filter(({ isOnline }) => isOnline).length} of ${stations.length} stations answer`,
      state,
    })),
    ...data.gpio.map(({ line, as, place, state }) => ({ name: line, what: `${as} at ${place}`, state })),
  ];
  return (
    <Card title="Serial and GPIO">
      <Table
        label="Serial and GPIO"
        rows={rows}
        keyOf={({ name, what }) => `${name} ${what}`}
        empty="The configuration names none."
        columns={[
          { name: 'Name', cell: ({ name }) => name },
          { name: 'What', cell: ({ what }) => what },
          { name: 'State', cell: ({ state }) => <Status tone={states[state][0]}>{states[state][1]}</Status> },
        ]}
      />
    </Card>
  );
}
