import { stateTexts, type Command } from '../asking/commands.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Status, Table, Waiting, type Tone } from '../parts/parts.tsx';

const tones: Readonly<Record<Command['state'], Tone>> = {
  accepted: 'off',
  queued: 'off',
  sent: 'off',
  acked: 'good',
  failed: 'bad',
  expired: 'warn',
};
const sources: Readonly<Record<string, string>> = {
  api: 'console or API',
  cloud: 'cloud',
  kafka: 'Kafka',
  rules: 'a rule',
  flows: 'a flow',
};

/** The latest commands of one device and what became of them. */
export function DeviceCommands({ id }: { id: string }) {
  const { data, error } = useAsk<{ commands: readonly Command[] }>(
    `/api/v1/commands?limit=8&device=${encodeURIComponent(id)}`,
    3000,
  );
  return (
    <Card title="Commands">
      {data === undefined ? (
        <Waiting error={error} what="the commands" />
      ) : (
        <Table
          label="Commands of this device"
          rows={data.commands}
          keyOf={(one) => one.id}
          empty="It was told nothing yet."
          columns={[
            { name: 'Command', cell: ({ name }) => name },
            {
              name: 'From',
              cell: ({ source, origin }) =>
                [sources[source] ?? source, origin].filter((part) => part !== undefined).join(', '),
            },
            {
              name: 'State',
              cell: ({ state, detail }) => (
                <>
                  <Status tone={tones[state]}>{stateTexts[state]}</Status>
                  {detail !== undefined && <small> {detail}</small>}
                </>
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}
