import { useState } from 'preact/hooks';
import { ask } from '../asking/ask.ts';
import type { BundleVerdict } from '../asking/types.ts';
import { Act, Said, useDoing } from '../parts/doing.tsx';
import { Card, Status, Table } from '../parts/parts.tsx';
import { counted } from '../parts/words.ts';
import { Violations } from './violations.tsx';

/** Checking, and decoding the last day twice, on a slow machine. */
const answerMs = 300_000;

/** A bundle at the door: checked, compared with what runs, and switched on only then. */
export function PluginUpload({ done }: { done: () => Promise<void> }) {
  const [bundle, choose] = useState<File>();
  const [verdict, show] = useState<BundleVerdict>();
  const checking = useDoing();
  const send = (file: File, query: string): Promise<BundleVerdict> =>
    ask<BundleVerdict>(`/api/v1/plugins${query}`, {
      method: 'POST',
      file: { type: 'application/gzip', content: file },
      answerMs,
    });
  const check = (file: File | undefined): void => {
    choose(file);
    show(undefined);
    if (file) void checking.run(async () => show(await send(file, '?dryRun=true')));
  };
  const switchOn = async (): Promise<string> => {
    if (bundle === undefined) return '';
    const { plugin, version } = await send(bundle, '');
    show(undefined);
    choose(undefined);
    await done();
    return `${plugin} ${version} is switched on. The gateway takes it up at its next start.`;
  };
  return (
    <Card
      title="Bring a plugin"
      wide
      note="A signed bundle as “portcullis plugin pack” makes it. It is checked against its contract, and decodes what this site received in the last day beside the version that runs. Nothing is switched on before you have seen that."
    >
      <label class="field">
        <span>Bundle (.plugin.tgz)</span>
        <input type="file" accept=".tgz,application/gzip" onChange={(event) => check(event.currentTarget.files?.[0])} />
      </label>
      {checking.isBusy && <p role="status">Checking, and decoding the last day twice. This may take minutes…</p>}
      <Said said={checking.said} />
      {verdict?.decision === 'DENY' && <Denied verdict={verdict} />}
      {verdict?.decision === 'ADMIT' && <Difference verdict={verdict} />}
      {(verdict === undefined || verdict.decision === 'ADMIT') && bundle && !checking.isBusy && (
        <Act busy="Switching on…" kind="main" run={switchOn}>
          Switch it on
        </Act>
      )}
    </Card>
  );
}

function Denied({ verdict: { plugin, version, violations } }: { verdict: BundleVerdict }) {
  return (
    <>
      <p>
        <Status tone="bad">
          {plugin} {version} would be refused: {counted(violations.length, 'reason')}
        </Status>
      </p>
      <Violations of={violations} />
    </>
  );
}

function Difference({ verdict }: { verdict: BundleVerdict }) {
  const { plugin, version, before, traffic, messages, different, groups } = verdict;
  return (
    <>
      <p>
        <Status tone={different === 0 ? 'good' : 'warn'}>
          {plugin} {version} would be admitted.{' '}
          {different === 0
            ? `It decodes ${counted(messages, 'message')} (${traffic}) just as ${before ?? 'nothing'} does.`
            : `${different} of ${counted(messages, 'message')} (${traffic}) come out differently from ${before ?? 'nothing'}.`}
        </Status>
      </p>
      {groups.length > 0 && (
        <Table
          label="What would be different"
          rows={groups}
          keyOf={({ what, metric }) => `${what} ${metric}`}
          empty=""
          columns={[
            { name: 'What', cell: ({ what, metric }) => `${what.replaceAll('-', ' ')} ${metric}` },
            { name: 'Messages', isNumber: true, cell: (group) => group.messages },
            { name: 'Devices', isNumber: true, cell: (group) => group.devices },
            {
              name: 'For example',
              cell: ({ examples: [one] }) =>
                one && (
                  <>
                    {one.device || one.topic}: <code>{one.before || '–'}</code> → <code>{one.after || '–'}</code>
                  </>
                ),
            },
          ]}
        />
      )}
    </>
  );
}
