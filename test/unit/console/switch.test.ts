import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '../../harness/wait-until.ts';

type Submit = (event: { preventDefault(): void; submitter: { value: string } }) => void;

/** The parts of the page that the script needs. */
const fields: Record<string, { value: string }> = {
  device: { value: 'tasmota:lamp' },
  ep: { value: '' },
  token: { value: 'a-token' },
};
const said = { textContent: '' };
let submit: Submit = () => assert.fail('nobody listens');
const form = {
  elements: { namedItem: (name: string) => fields[name] },
  addEventListener: (_kind: string, listener: Submit) => (submit = listener),
};
Object.assign(globalThis, { document: { getElementById: (id: string) => (id === 'switch' ? form : said) } });
const page = new URL('../../../gateway/console/switch.js', import.meta.url);
await import(page.href);

interface Asked {
  readonly path: string;
  readonly init: RequestInit | undefined;
}

/** Clicks, and waits until the page says how it ended; the gateway answers with these, one after the other. */
async function click(on: boolean, ...answers: (Response | Error)[]): Promise<{ asked: Asked[]; said: string }> {
  const asked: Asked[] = [];
  said.textContent = '';
  globalThis.fetch = async (path, init) => {
    asked.push({ path: path as string, init });
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('too many requests');
    return answer;
  };
  submit({ preventDefault: () => undefined, submitter: { value: on ? 'on' : 'off' } });
  await waitUntil('the page says how it ended', () => !/^$| is told: /.test(said.textContent));
  return { asked, said: said.textContent };
}

const answer = (state: string, more: object = {}): Response => Response.json({ state, ...more });
const wishOf = ({ init }: Asked) => JSON.parse(init?.body as string) as { id: string; args: object };

test('a click is one command, followed to its end', async () => {
  const { asked, said: end } = await click(true, answer('queued'), answer('sent'), answer('acked'));
  const [first, ...looks] = asked;
  assert.ok(first);
  const { id, ...wish } = wishOf(first);
  assert.deepEqual(wish, { device: 'tasmota:lamp', name: 'switch', args: { on: true } });
  assert.equal(new Headers(first.init?.headers).get('authorization'), 'Bearer a-token');
  assert.deepEqual(
    looks.map(({ path }) => path),
    [`/api/v1/commands/${id}`, `/api/v1/commands/${id}`],
  );
  assert.equal(end, 'tasmota:lamp is on.');
});

test('a request whose answer was lost is sent again with the same id; another click has its own', async () => {
  const lost = await click(false, new TypeError('lost'), answer('expired', { detail: 'It was too late.' }));
  const [first, second] = lost.asked.map(wishOf);
  assert.deepEqual(first, second);
  assert.deepEqual(first?.args, { on: false });
  assert.equal(lost.said, 'tasmota:lamp: It was too late.');
  fields['ep'] = { value: '2' };
  const next = await click(false, answer('acked'));
  const [wish] = next.asked.map(wishOf);
  assert.deepEqual(wish?.args, { on: false, ep: '2' });
  assert.notEqual(wish?.id, first?.id);
});

test('what the gateway refuses is said and not asked again', async () => {
  const refused = await click(true, Response.json({ title: 'Refused', detail: 'No such device.' }, { status: 422 }));
  assert.equal(refused.asked.length, 1);
  assert.equal(refused.said, 'No such device.');
});
