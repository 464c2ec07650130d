import { useState } from 'preact/hooks';
import type { Firing, ShownRule } from '../../../../contracts/rule-shown.ts';
import { ask } from '../asking/ask.ts';
import { useAsk } from '../asking/use-ask.ts';
import { Act, Form } from '../parts/doing.tsx';
import { Card, Page, Status, Waiting, type Tone } from '../parts/parts.tsx';
import { capital } from '../parts/words.ts';
import { RuleForm } from './rule-form.tsx';
import { Firings, Trial } from './rule-trial.tsx';

const states: Readonly<Record<ShownRule['state'], readonly [tone: Tone, text: string]>> = {
  off: ['off', 'switched off'],
  invalid: ['bad', 'cannot be understood'],
  waiting: ['off', 'waits for a device that it asks for'],
  ready: ['good', 'on guard'],
  held: ['warn', 'held: nobody knows the time'],
  suspended: ['warn', 'suspended: it went too far'],
};
const at = (id: string): string => `/api/v1/rules/${encodeURIComponent(id)}`;

/** Local decisions: what each rule does, whether it acts, and why it did. */
export function RulesPage() {
  const { data, error, again } = useAsk<{ rules: readonly ShownRule[] }>('/api/v1/rules', 10_000);
  return (
    <Page
      title="Rules"
      lead="The house decides by itself, also without the internet. Each rule says why it acted, and can be tried on what was measured."
    >
      {data === undefined ? (
        <Waiting error={error} what="the rules" />
      ) : (
        <div class="two">
          <div>
            {data.rules.map((rule) => (
              <RuleCard key={rule.id} rule={rule} again={again} />
            ))}
          </div>
          <div>
            <Card title="Make a rule" note="For what is common; the rest is written as a document below.">
              <RuleForm again={again} />
            </Card>
            <Card
              title="Write a rule"
              note="As its document; docs/rules.md has examples. It is checked before it is kept."
            >
              <WriteRule label="The rule, in JSON" submit="Check and keep" again={again} />
            </Card>
          </div>
        </div>
      )}
    </Page>
  );
}

function RuleCard({
  rule: { id, from, enabled, state, because, active, loops, rule },
  again,
}: {
  rule: ShownRule;
  again: () => Promise<void>;
}) {
  const [tone, text] = states[state];
  const turn = async (): Promise<void> => {
    await ask(at(id), { method: 'PATCH', body: { enabled: !enabled } });
    await again();
  };
  const remove = async (): Promise<void> => {
    await ask(at(id), { method: 'DELETE' });
    await again();
  };
  return (
    <Card title={rule?.name ?? capital(id.replaceAll('-', ' '))} actions={<Status tone={tone}>{text}</Status>}>
      <div class="stack">
        {because !== undefined && <p class="soft">{because}</p>}
        {active.length > 0 && <p>Now: {active.map((one) => `${one.case} at ${one.scope}`).join(', ')}.</p>}
        {loops.length > 0 && (
          <p class="said warn">It makes a circle: {loops.map((loop) => loop.join(' → ')).join('; ')}.</p>
        )}
        <div class="row">
          <Act kind={enabled ? 'quiet' : 'main'} busy="Switching…" run={turn}>
            {enabled ? 'Switch off' : 'Switch on'}
          </Act>
          {from === 'own' && (
            <Act kind="danger" busy="Removing…" sure={`Remove the rule ${id}?`} run={remove}>
              Remove
            </Act>
          )}
        </div>
        <Why id={id} />
        <details>
          <summary>Try it on what was measured</summary>
          <Trial rule={id} />
        </details>
        {rule !== undefined && (
          <details>
            <summary>{from === 'own' ? 'Change it' : 'The rule itself, as it comes with the product'}</summary>
            {from === 'own' ? (
              <WriteRule label={`${id}, in JSON`} submit="Check and change" rule={rule} again={again} />
            ) : (
              <pre>{JSON.stringify(rule, undefined, 2)}</pre>
            )}
          </details>
        )}
      </div>
    </Card>
  );
}

/** When it acted, and what each of its conditions said. */
function Why({ id }: { id: string }) {
  const [isOpen, open] = useState(false);
  const { data, error } = useAsk<{ firings: readonly Firing[] }>(
    isOpen ? `${at(id)}/firings?limit=10` : undefined,
    5000,
  );
  return (
    <details onToggle={(event) => open(event.currentTarget.open)}>
      <summary>Why it acted</summary>
      {!isOpen ? null : data === undefined ? (
        <Waiting error={error} what="its deeds" />
      ) : (
        <Firings of={data.firings} empty="It has not acted yet." />
      )}
    </details>
  );
}

function WriteRule({
  label,
  submit,
  rule: before,
  again,
}: {
  label: string;
  submit: string;
  /** As it is kept, to be changed. */
  rule?: NonNullable<ShownRule['rule']>;
  again: () => Promise<void>;
}) {
  const send = async (field: (name: string) => string): Promise<string> => {
    const rule = parsed(field('document'));
    if (before !== undefined && (rule as { id?: unknown } | null)?.id !== before.id)
      throw new Error(`Leave the id as it is, ${before.id}. With another id it is another rule.`);
    const kept = await ask<ShownRule>('/api/v1/rules', { method: 'POST', body: { rule } });
    await again();
    return `The rule ${kept.id} is kept.`;
  };
  return (
    <Form submit={submit} busy="Checking…" send={send} stays>
      <label class="field">
        <span>{label}</span>
        <textarea
          name="document"
          rows={before === undefined ? 8 : 16}
          class="mono"
          required
          maxLength={60_000}
          defaultValue={before && JSON.stringify(before, undefined, 2)}
        />
      </label>
    </Form>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`That is no JSON: ${(error as Error).message}`, { cause: error });
  }
}
