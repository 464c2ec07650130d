import { useState } from 'preact/hooks';
import type { RuleDocument } from '../../../../contracts/rule.ts';
import type { ShownRule } from '../../../../contracts/rule-shown.ts';
import { metricWords } from '../../../../contracts/metric-words.ts';
import { ask } from '../asking/ask.ts';
import { devicesPath } from '../asking/first.ts';
import type { DeviceList } from '../asking/types.ts';
import { useAsk } from '../asking/use-ask.ts';
import { fieldsOf, Form } from '../parts/doing.tsx';
import { Choice, Field } from '../parts/parts.tsx';
import { metricText, unitOf } from '../parts/values.ts';
import { Trial } from './rule-trial.tsx';

const kinds = [
  ['above', 'a value is above a threshold'],
  ['below', 'a value is below a threshold'],
  ['silent', 'a device is not heard any more'],
  ['time', 'it is a time of day'],
] as const;
type Kind = (typeof kinds)[number][0];

const deeds = [
  ['alarm', 'raise an alarm'],
  ['notice', 'tell people once'],
  ['on', 'switch a device on'],
  ['off', 'switch a device off'],
] as const;

type Given = (name: string) => string;

/** The common kinds of rules without writing a document; it can be tried on what was measured before it is kept. */
export function RuleForm({ again }: { again: () => Promise<void> }) {
  const [kind, choose] = useState<Kind>('above');
  const [tried, show] = useState<RuleDocument>();
  const devices = useAsk<DeviceList>(devicesPath);
  const options = (devices.data?.devices ?? []).map(({ id, name }) => [id, name] as const);
  const keep = async (field: Given): Promise<string> => {
    const rule = documentOf(field);
    const kept = await ask<ShownRule>('/api/v1/rules', { method: 'POST', body: { rule } });
    show(undefined);
    await again();
    return `The rule ${kept.id} is kept.`;
  };
  return (
    <>
      <Form
        submit="Keep the rule"
        busy="Keeping…"
        send={keep}
        stays
        more={
          <button
            type="button"
            onClick={(event) => {
              const form = event.currentTarget.form;
              if (form?.reportValidity() !== true) return;
              show(documentOf(fieldsOf(form)));
            }}
          >
            Try it first
          </button>
        }
      >
        <Field label="Name of the rule" name="name" required maxLength={60} />
        <Choice
          label="When"
          name="kind"
          options={kinds}
          value={kind}
          onChange={(event) => choose(event.currentTarget.value as Kind)}
        />
        <WhenFields kind={kind} devices={options} />
        <ThenFields devices={options} />
      </Form>
      {tried !== undefined && (
        <div class="stack">
          <Trial key={JSON.stringify(tried)} rule={tried} />
          <details>
            <summary>As a document</summary>
            <pre>{JSON.stringify(tried, undefined, 2)}</pre>
          </details>
        </div>
      )}
    </>
  );
}

type Options = readonly (readonly [id: string, name: string])[];

/** What the kind of a condition asks for. */
function WhenFields({ kind, devices }: { kind: Kind; devices: Options }) {
  const [metric, about] = useState('temperature');
  const isAbout = kind === 'above' || kind === 'below';
  return (
    <>
      {isAbout && (
        <>
          <Choice
            label="Value"
            name="metric"
            options={numeric.map((word) => [word, metricText(word)])}
            value={metric}
            onChange={(event) => about(event.currentTarget.value)}
          />
          <Field
            label={`Threshold${unitOf(metric) && `, ${unitOf(metric)}`}`}
            name="limit"
            type="number"
            step="any"
            required
          />
          <Field
            label="Over again at"
            name="clear"
            type="number"
            step="any"
            hint="So that it does not go to and fro. Without it, the threshold."
          />
          <Field label="For at least, minutes" name="minutes" type="number" min={0} max={10_000} defaultValue={1} />
        </>
      )}
      {kind === 'silent' && (
        <Field label="Silent for, minutes" name="minutes" type="number" min={1} max={10_000} defaultValue={60} />
      )}
      {kind === 'time' ? (
        <>
          <Field
            label="At"
            name="at"
            required
            placeholder="07:30 or sunset-30m"
            hint="HH:MM, or sunrise, sunset, dawn, dusk, noon with an offset."
          />
          <Choice
            label="On"
            name="days"
            options={[
              ['', 'every day'],
              ['mo,tu,we,th,fr', 'Monday to Friday'],
              ['sa,su', 'Saturday and Sunday'],
            ]}
          />
        </>
      ) : (
        <Choice label="Of" name="device" options={[['', 'any device'], ...devices]} />
      )}
    </>
  );
}

/** What is done then. */
function ThenFields({ devices }: { devices: Options }) {
  const [deed, does] = useState('alarm');
  return (
    <>
      <Choice
        label="Then"
        name="deed"
        options={deeds}
        value={deed}
        onChange={(event) => does(event.currentTarget.value)}
      />
      {deed === 'on' || deed === 'off' ? (
        <Choice label="Which device" name="target" options={devices} />
      ) : (
        <>
          <Field
            label="Saying"
            name="text"
            required
            maxLength={300}
            hint="{device} and {value} stand for what it was."
          />
          <Choice
            label="How bad"
            name="severity"
            initial="medium"
            options={['critical', 'high', 'medium', 'low'].map((one) => [one, one])}
          />
        </>
      )}
    </>
  );
}

/** Words whose values are numbers: those with a unit. */
const numeric = Object.entries(metricWords)
  .filter(([, unit]) => unit !== null)
  .map(([word]) => word)
  .sort();

function documentOf(field: Given): RuleDocument {
  const name = field('name');
  const id =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 60) || 'rule';
  const kind = field('kind') as Kind;
  const minutes = Number(field('minutes') || 0);
  const isHouse = kind === 'time';
  return {
    id,
    name,
    per: isHouse ? 'house' : 'device',
    when: conditionOf(kind, field, minutes),
    ...((kind === 'above' || kind === 'below') && minutes > 0 && { for: `${minutes}m` }),
    do: [actionOf(field, id)],
  };
}

function conditionOf(kind: Kind, field: Given, minutes: number): NonNullable<RuleDocument['when']> {
  const device = field('device');
  const where = device === '' ? {} : { where: { device } };
  if (kind === 'silent') return { silent: `${minutes}m`, ...where };
  if (kind === 'time') {
    const days = field('days').split(',').filter(Boolean) as ('mo' | 'tu' | 'we' | 'th' | 'fr' | 'sa' | 'su')[];
    return { time: { at: field('at'), ...(days.length > 0 && { days }) } };
  }
  const clear = field('clear');
  return {
    metric: field('metric'),
    [kind]: Number(field('limit')),
    ...(clear !== '' && { clear: Number(clear) }),
    ...where,
  };
}

function actionOf(field: Given, id: string): NonNullable<RuleDocument['do']>[number] {
  const deed = field('deed');
  const severity = (field('severity') || 'medium') as 'critical' | 'high' | 'medium' | 'low';
  if (deed === 'alarm') return { raise: id, severity, text: field('text') };
  if (deed === 'notice') return { notify: field('text'), severity };
  return { command: 'switch', args: { on: deed === 'on' }, to: { device: field('target'), anywhere: true } };
}
