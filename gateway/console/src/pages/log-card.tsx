import { useState } from 'preact/hooks';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Choice, Status, Table, Waiting, type Tone } from '../parts/parts.tsx';
import { whenExactly } from '../parts/words.ts';

interface Line {
  readonly at: number;
  readonly level: keyof typeof tones;
  readonly text: string;
  readonly detail: string;
}

const tones = {
  trace: 'off',
  debug: 'off',
  info: 'good',
  warn: 'warn',
  error: 'bad',
  fatal: 'bad',
} as const satisfies Record<string, Tone>;

/** The newest lines of the log, as far as memory holds them. */
export function LogCard() {
  const [level, choose] = useState('info');
  const { data, error } = useAsk<{ lines: readonly Line[] }>(`/api/v1/system/log?level=${level}&limit=100`, 5000);
  return (
    <Card title="Log" note="The newest lines, newest first. Older ones are on the gateway: journalctl -u portcullis.">
      <div class="stack">
        <Choice
          label="From level"
          options={[
            ['info', 'everything'],
            ['warn', 'warnings and errors'],
            ['error', 'errors'],
          ]}
          value={level}
          onChange={(event) => choose(event.currentTarget.value)}
        />
        {data === undefined ? (
          <Waiting error={error} what="the log" />
        ) : (
          <Table
            label="Log"
            rows={data.lines.map((line, n) => Object.assign({ n }, line))}
            keyOf={({ n, at }) => `${at} ${n}`}
            empty="Nothing of this level."
            columns={[
              { name: 'When', cell: ({ at }) => whenExactly(at) },
              { name: 'Level', cell: ({ level: of }) => <Status tone={tones[of]}>{of}</Status> },
              { name: 'What', cell: ({ text }) => text },
              { name: 'Of', cell: ({ detail }) => <code class="detail">{detail.slice(0, 300)}</code> },
            ]}
          />
        )}
      </div>
    </Card>
  );
}
