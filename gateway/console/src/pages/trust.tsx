import { ask } from '../asking/ask.ts';
import type { Plugin, PluginList, PluginVersion } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Facts, Page, Status, Table, Waiting } from '../parts/parts.tsx';
import { Act } from '../parts/doing.tsx';
import { save } from '../parts/save.ts';
import { counted } from '../parts/words.ts';
import { PluginUpload } from './plugin-upload.tsx';
import { Violations } from './violations.tsx';

/** Plugins at the door: who came in, who did not and why, and what each may do. */
export function TrustPage() {
  const { data, error } = useAsk<PluginList>('/api/v1/plugins', 10_000);
  const versions = useAsk<{ versions: readonly PluginVersion[] }>('/api/v1/plugins/versions', 60_000);
  const lead =
    'A plugin translates what devices say. None of its code runs before its contract, its code and this machine were checked.';
  if (!data) {
    return (
      <Page title="Plugins" lead={lead}>
        <Waiting error={error} what="the plugins" />
      </Page>
    );
  }
  const refused = data.plugins.filter(({ decision }) => decision === 'DENY');
  const admitted = data.plugins.filter(({ decision }) => decision === 'ADMIT');
  return (
    <Page
      title="Plugins"
      lead={lead}
      actions={
        <Act busy="Reading…" run={saveDecisions}>
          Save the decision records
        </Act>
      }
    >
      {refused.map((plugin) => (
        <Refused key={plugin.name} plugin={plugin} />
      ))}
      <div class="cards">
        {admitted.map((plugin) => (
          <Admitted
            key={plugin.name}
            plugin={plugin}
            version={versions.data?.versions.find(({ name }) => name === plugin.name)}
            again={versions.again}
          />
        ))}
        <PluginUpload done={versions.again} />
      </div>
    </Page>
  );
}

async function saveDecisions(): Promise<string> {
  save('decisions.jsonl', await ask<string>('/api/v1/plugins/decisions'), 'application/jsonl');
  return 'Saved: one decision per line, each signed and chained to the one before.';
}

function Refused({ plugin: { name, version, violations, origin } }: { plugin: Plugin }) {
  return (
    <Card
      title={version === undefined ? name : `${name} ${version}`}
      actions={<Status tone="bad">Refused, does not run</Status>}
      note={`It came from ${origin === 'shipped' ? 'this release' : origin}. ${counted(violations.length, 'reason')}:`}
    >
      <Violations of={violations} />
    </Card>
  );
}

function Admitted({
  plugin,
  version: installed,
  again,
}: {
  plugin: Plugin;
  version: PluginVersion | undefined;
  again: () => Promise<void>;
}) {
  const { name, version, runs, state, grants, violations, origin, topics, commands, insteadOf, tree } = plugin;
  return (
    <Card title={version === undefined ? name : `${name} ${version}`} actions={<Status tone="good">Admitted</Status>}>
      <Facts
        of={[
          ['Runs', state === undefined ? runs : `${runs}, ${state}`],
          ['Comes from', origin === 'shipped' ? 'this release' : origin],
          commands !== undefined && commands.length > 0 && ['Commands', commands.map((one) => one.name).join(', ')],
          tree !== undefined && ['Its bytes', <code>{tree.slice(0, 16)}…</code>],
        ]}
      />
      {installed && <Installed of={installed} runs={version} again={again} />}
      <details>
        <summary>What it may do, and what holds it to that</summary>
        <Table
          label={`Grants of ${name}`}
          rows={grants}
          keyOf={({ path }) => path}
          empty="Nothing but to compute."
          columns={[
            { name: 'Grant', cell: ({ grant }) => grant },
            { name: 'Enforced by', cell: ({ enforcedBy }) => enforcedBy },
          ]}
        />
      </details>
      {topics !== undefined && topics.length > 0 && (
        <details>
          <summary>{counted(topics.length, 'topic')} that it reads</summary>
          <pre>{topics.join('\n')}</pre>
        </details>
      )}
      {violations.length > 0 && (
        <details>
          <summary>{counted(violations.length, 'remark')} of the check</summary>
          <Violations of={violations} />
        </details>
      )}
      {insteadOf?.map((other) => (
        <details key={other.version}>
          <summary>
            It stands in for {other.version ?? 'another version'},{' '}
            {other.decision === 'DENY' ? 'which was refused' : 'which it replaced'}
          </summary>
          <Violations of={other.violations} />
        </details>
      ))}
    </Card>
  );
}

/** What was brought to this site, and the way back from it. */
function Installed({
  of: { name, active, back },
  runs,
  again,
}: {
  of: PluginVersion;
  runs: string | undefined;
  again: () => Promise<void>;
}) {
  const rollBack = async (): Promise<string> => {
    const { to } = await ask<{ to: string | null }>(`/api/v1/plugins/${encodeURIComponent(name)}/rollback`, {
      method: 'POST',
      body: {},
      answerMs: 60_000,
    });
    await again();
    return `Back to ${to ?? 'the version that is shipped'}, at the next start of the gateway.`;
  };
  const target = back === 'shipped' ? 'the shipped version' : back;
  return (
    <>
      {active !== runs && <p class="said warn">Version {active} is switched on and runs from the next start on.</p>}
      {target !== null && (
        <p class="row">
          <Act busy="Going back…" sure={`Go back from ${active} to ${target}?`} run={rollBack}>
            Roll back to {target}
          </Act>
        </p>
      )}
    </>
  );
}
