import { useAsk } from '../asking/use-ask.ts';
import { Card, Status, Table, Waiting } from '../parts/parts.tsx';
import { counted } from '../parts/words.ts';
import { GpioHeader } from './gpio-header.tsx';

interface Hardware {
  readonly serial: readonly {
    readonly port: string;
    readonly state: keyof typeof states;
    readonly stations: readonly { readonly station: string; readonly isOnline: boolean }[];
  }[];
  readonly adapters: readonly {
    readonly path: string;
    readonly label?: string;
    readonly byId?: string;
    readonly vendor: string;
    readonly product: string;
    readonly serial?: string;
    readonly usedBy?: string;
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

/** What is plugged in, by its name, and the header with what is wired to it. */
export function HardwareCards() {
  const { data, error } = useAsk<Hardware>('/api/v1/hardware', 10_000);
  if (data === undefined) {
    return (
      <Card title="Serial and GPIO">
        <Waiting error={error} what="the hardware" />
      </Card>
    );
  }
  return (
    <>
      <SerialCard of={data} />
      <Card
        title="GPIO header"
        note="As a Raspberry Pi has it, pin 1 at the top left. The configuration names a line under gpio.lines."
      >
        <details open={data.gpio.length > 0}>
          <summary>
            {data.gpio.length === 0 ? 'Nothing is wired to it' : `${counted(data.gpio.length, 'line')} wired to it`}
          </summary>
          <GpioHeader
            lines={data.gpio.map(({ line, as, place, state }) => ({
              line,
              as,
              place,
              tone: states[state][0],
              says: states[state][1],
            }))}
          />
        </details>
      </Card>
    </>
  );
}

function SerialCard({ of: { serial, adapters } }: { of: Hardware }) {
  const rows = [
    ...serial.map(({ port, state, stations }) => ({
      key: `port ${port}`,
      name: port,
      what: [
        adapters.find(({ usedBy }) => usedBy === port)?.label,
        stations.length > 0 &&
          `${stations.filter(({ isOnline }) => isOnline).length} of ${stations.length} stations answer`,
      ]
        .filter(Boolean)
        .join(', '),
      state: <Status tone={states[state][0]}>{states[state][1]}</Status>,
    })),
    ...adapters
      .filter(({ usedBy }) => usedBy === undefined)
      .map((adapter) => ({
        key: adapter.path,
        name: adapter.label ?? adapter.path,
        what: (
          <code>
            {adapter.byId ? `byId: ${adapter.byId}` : `vendor: '${adapter.vendor}', product: '${adapter.product}'`}
          </code>
        ),
        state: <Status tone="off">plugged in, not used</Status>,
      })),
  ];
  return (
    <Card title="Serial adapters">
      <Table
        label="Serial adapters"
        rows={rows}
        keyOf={({ key }) => key}
        empty="None is plugged in, and the configuration names none."
        columns={[
          { name: 'Name', cell: ({ name }) => name },
          { name: 'What', cell: ({ what }) => what },
          { name: 'State', cell: ({ state }) => state },
        ]}
      />
    </Card>
  );
}
