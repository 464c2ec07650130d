import type { Plugin, PluginList, Violation } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Card, Facts, Page, Status, Table, Waiting } from '../parts/parts.tsx';
import { counted } from '../parts/words.ts';

/** Plugins at the door: who came in, who did not and why, and what each may do. */
export function TrustPage() {
  const { data, error } = useAsk<PluginList>('/api/v1/plugins', 10_000);
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
    <Page title="Plugins" lead={lead}>
      {refused.map((plugin) => (
        <Refused key={plugin.name} plugin={plugin} />
      ))}
      <div class="cards">
        {admitted.map((plugin) => (
          <Admitted key={plugin.name} plugin={plugin} />
        ))}
      </div>
    </Page>
  );
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

function Violations({ of }: { of: readonly Violation[] }) {
  return (
    <ul class="list">
      {of.map((violation, at) => (
        <li key={at}>
          <p>
            <strong>{violation.remedy}</strong>
          </p>
          <p class="soft">
            {violation.expected !== undefined && <>The contract says: {violation.expected}. </>}
            {violation.observed !== undefined && <>Found: {violation.observed}.</>}
          </p>
          <p class="soft">
            <code>{violation.code}</code>
            {violation.path !== '' && (
              <>
                {' '}
                · contract <code>{violation.path}</code>
                {violation.contractLine !== undefined && `, line ${violation.contractLine}`}
              </>
            )}
            {violation.file !== undefined && (
              <>
                {' '}
                · <code>{[violation.file, violation.line].filter((part) => part !== undefined).join(':')}</code>
              </>
            )}
            {violation.confidence === 'heuristic' && ' · a suspicion, not a proof'}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Admitted({ plugin }: { plugin: Plugin }) {
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
