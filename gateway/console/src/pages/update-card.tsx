import { useState } from 'preact/hooks';
import type { UpdateState } from '../../../../contracts/update-state.ts';
import { ask } from '../asking/ask.ts';
import { sendParts } from '../asking/send-parts.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act } from '../parts/doing.tsx';
import { Card, Facts, Field, Status, Waiting } from '../parts/parts.tsx';
import { bytes, whenExactly } from '../parts/words.ts';

const path = '/api/v1/system/update';

/** Another release, tried before it is kept, and the way back to the one before. */
export function UpdateCard() {
  const { data, error, again } = useAsk<UpdateState>(path, 3000);
  const [files, choose] = useState<readonly File[]>([]);
  const [sent, tell] = useState(0);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const want = async (wish: 'apply' | 'back'): Promise<void> => {
    await ask(path, { method: 'POST', body: { do: wish } });
    await again();
  };
  const apply = async (): Promise<string> => {
    if (files.length < 3) throw new Error('Choose SHA256SUMS, SHA256SUMS.sig and the tarball of this machine.');
    await upload(files, tell);
    await want('apply');
    return 'It is checked now, then started. The gateway is away for a moment.';
  };
  if (data === undefined) {
    return (
      <Card title="Update">
        <Waiting error={error} what="the releases" />
      </Card>
    );
  }
  if (!data.hasSlots) {
    return (
      <Card title="Update">
        <p>
          This machine does not keep releases beside each other, so it cannot be updated from here: use its package
          manager, or the container's image. A board with our image can.
        </p>
      </Card>
    );
  }
  const [before] = data.kept.toReversed();
  const isUnderWay = data.isWanted || data.trial !== undefined;
  return (
    <Card
      title="Update"
      note="A release is taken when its signature is right, and taken back by itself when it is not well."
    >
      <div class="stack">
        <Releases of={data} />
        <Field
          label="Files of a release"
          type="file"
          multiple
          hint="SHA256SUMS, SHA256SUMS.sig and the tarball, chosen together."
          onChange={(event) => (choose([...(event.currentTarget.files ?? [])]), tell(0))}
        />
        <div class="row">
          <Act kind="main" busy={`Sending ${bytes(sent)} of ${bytes(total)}…`} run={apply} isOff={isUnderWay}>
            Update
          </Act>
          {before !== undefined && (
            <Act
              busy="Going back…"
              sure={`Go back to ${before}? The gateway starts anew.`}
              run={() => want('back')}
              isOff={isUnderWay}
            >
              Go back to {before}
            </Act>
          )}
        </div>
      </div>
    </Card>
  );
}

async function upload(files: readonly File[], tell: (bytes: number) => void): Promise<void> {
  let done = 0;
  for (const file of files) {
    const { name } = file;
    const partPath = (offset: number): string =>
      `${path}/files?${new URLSearchParams({ name, offset: String(offset) }).toString()}`;
    await sendParts(file, partPath, (bytes) => tell(done + bytes));
    done += file.size;
  }
}

function Releases({ of: { current, kept, trial, isWanted, last } }: { of: UpdateState }) {
  return (
    <Facts
      of={[
        ['Runs', current],
        ['Kept for the way back', kept.join(', ') || 'none'],
        trial !== undefined && [
          'On trial',
          <Status key="t" tone="warn">
            {trial.to}, instead of {trial.from}
          </Status>,
        ],
        isWanted && [
          'Asked for',
          <Status key="w" tone="warn">
            begins in a moment
          </Status>,
        ],
        last && ['Last one', `${last.said} (${whenExactly(last.at)})`],
      ]}
    />
  );
}
