import { useEffect } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import { session } from '../asking/session.ts';
import { useStore } from '../asking/store.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act } from '../parts/doing.tsx';
import { Card, Page, Status, Table, Waiting, type Tone } from '../parts/parts.tsx';
import { bytes, whenExactly } from '../parts/words.ts';
import { editor } from './editor-frame.tsx';

interface Flows {
  readonly state: 'starting' | 'running' | 'waiting' | 'held' | 'closed';
  readonly flows: 'started' | 'stopped';
  readonly detail: string;
  readonly version?: string;
  readonly generation: number;
}
interface Generation {
  readonly generation: number;
  readonly at: number;
  readonly by: string;
  readonly bytes: number;
}

const states: Readonly<Record<Flows['state'], readonly [Tone, string]>> = {
  starting: ['off', 'starting'],
  running: ['good', 'running'],
  waiting: ['warn', 'ended, and starts again by itself'],
  held: ['bad', 'held: it ended too often'],
  closed: ['off', 'closed'],
};

/** Node-RED beside the gateway: whether it runs, its editor, and the way back to what was deployed before. */
export function FlowsPage() {
  const flows = useAsk<Flows>('/api/v1/flows', 5000);
  const deployed = useAsk<{ generations: readonly Generation[] }>(flows.data && '/api/v1/flows/generations', 10_000);
  const lead =
    'Flows are drawn in Node-RED, which runs in a process of its own: whatever a flow does, the gateway goes on.';
  if (flows.data === undefined) {
    return (
      <Page title="Flows" lead={lead}>
        <Waiting error={flows.error} what="Node-RED" />
      </Page>
    );
  }
  const { state, detail, version, generation } = flows.data;
  const [tone, words] = states[state];
  const post = async (what: 'start' | 'restore', body: object): Promise<void> => {
    await ask(`/api/v1/flows/${what}`, { method: 'POST', body });
    await Promise.all([flows.again(), deployed.again()]);
  };
  return (
    <Page title="Flows" lead={lead}>
      <Card
        title={`Node-RED${version === undefined ? '' : ` ${version}`}`}
        note={detail}
        actions={state === 'running' && <ToEditor />}
      >
        <Status tone={tone}>{words}</Status>
        {state === 'held' && (
          <Act busy="Starting…" run={() => post('start', {})}>
            Start it again
          </Act>
        )}
        <details>
          <summary>What was deployed</summary>
          <p class="note">Each deploy is kept whole. Going back takes effect at once, and is itself kept.</p>
          {deployed.data === undefined ? (
            <Waiting error={deployed.error} what="what was deployed" />
          ) : (
            <Table
              label="Deployed flows"
              rows={deployed.data.generations}
              keyOf={(one) => one.generation}
              empty="Nothing was deployed yet."
              columns={[
                { name: 'When', cell: ({ at }) => whenExactly(at) },
                { name: 'By', cell: ({ by }) => by },
                { name: 'Size', isNumber: true, cell: (one) => bytes(one.bytes) },
                {
                  name: '',
                  cell: (one) =>
                    one.generation === generation ? (
                      'runs now'
                    ) : (
                      <Act
                        kind="quiet"
                        busy="Going back…"
                        sure={`Go back to the flows of ${whenExactly(one.at)}?`}
                        run={() => post('restore', { generation: one.generation })}
                      >
                        Go back to this
                      </Act>
                    ),
                },
              ]}
            />
          )}
        </details>
      </Card>
    </Page>
  );
}

/** Shows the editor below the page: at once where there is room, else when it is asked for. */
function ToEditor() {
  const who = useStore(session.state)?.actor.kind;
  const isOpen = useStore(editor);
  const isPerson = who === 'person';
  useEffect(() => {
    if (isPerson && matchMedia('(min-width: 62rem)').matches) editor.set(true);
  }, [isPerson]);
  if (!isPerson)
    return <p class="note">The editor is for who signs in with a name: neither a token nor this machine opens it.</p>;
  return (
    <div class="row">
      {!isOpen && (
        <button type="button" onClick={() => editor.set(true)}>
          Show the editor here
        </button>
      )}
      <a href="/flows/" target="_blank">
        Open the editor in a tab of its own
      </a>
    </div>
  );
}
