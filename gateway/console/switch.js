// Switches a device over the gateway's own API and says what became of it.
const tries = 3;
const lookEveryMs = 500;
const ends = new Set(['acked', 'failed', 'expired']);
const [form, said] = ['switch', 'said'].map((id) => document.getElementById(id));

const field = (name) => form.elements.namedItem(name).value.trim();
const pause = () => new Promise((resolve) => setTimeout(resolve, lookEveryMs));

/** Without a certificate a page has no `crypto.randomUUID`. */
function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

async function ask(path, init) {
  const answer = await fetch(path, init);
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? body.title), { answered: true });
  return body;
}

/** A request whose answer is lost is sent again: the same id is done once. */
async function send(init) {
  for (let left = tries - 1; ; left--) {
    try {
      return await ask('/api/v1/commands', init);
    } catch (error) {
      if (error.answered || left === 0) throw error;
      await pause();
    }
  }
}

async function switchTo(on) {
  const [device, ep, token] = ['device', 'ep', 'token'].map(field);
  const wish = { id: freshId(), device, name: 'switch', args: { on, ...(ep && { ep }) } };
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  try {
    let status = await send({ method: 'POST', headers, body: JSON.stringify(wish) });
    while (!ends.has(status.state)) {
      said.textContent = `${device} is told: ${status.state}.`;
      await pause();
      status = await ask(`/api/v1/commands/${wish.id}`);
    }
    said.textContent = status.state === 'acked' ? `${device} is ${on ? 'on' : 'off'}.` : `${device}: ${status.detail}`;
  } catch (error) {
    said.textContent = error.message;
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void switchTo(event.submitter?.value !== 'off');
});
