// The page on which an installer takes possession of a gateway. The answer holds the administrator token, shown once.
const [form, state, token] = ['claim', 'state', 'token'].map((id) => document.getElementById(id));

async function ask(init) {
  const answer = await fetch('/api/v1/claim', init);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? body.title);
  return body;
}

function show({ claimed }) {
  form.hidden = claimed;
  state.textContent = claimed
    ? 'This gateway has an owner. Devices may connect.'
    : 'Nobody owns this gateway yet. Until then no device in the network can connect.';
}

async function claim() {
  try {
    const code = form.elements.namedItem('code').value;
    const headers = { 'content-type': 'application/json' };
    const { adminToken } = await ask({ method: 'POST', headers, body: JSON.stringify({ code }) });
    show({ claimed: true });
    token.textContent = `Keep this administrator token: ${adminToken}`;
    token.hidden = false;
  } catch (error) {
    state.textContent = error.message;
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void claim();
});

show(await ask());
