// The gateway's page: asks the read API every two seconds and shows what it says. Works without any other server.
const refreshMs = 2000;
const columns = ['accepted', 'delivered', 'buffered', 'filtered', 'expired', 'evicted', 'deadLettered'];

const byId = (id) => document.getElementById(id);

function cell(text) {
  const td = document.createElement('td');
  td.textContent = typeof text === 'number' ? text.toLocaleString() : String(text);
  return td;
}

function rows(tbody, lists) {
  tbody.replaceChildren(
    ...lists.map((list) => {
      const tr = document.createElement('tr');
      tr.append(...list.map(cell));
      return tr;
    }),
  );
}

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

function showAlarms(alarms) {
  const items = alarms.map(({ detail, since }) => {
    const li = document.createElement('li');
    li.textContent = `${detail} (since ${new Date(since).toLocaleString()})`;
    return li;
  });
  if (items.length === 0) {
    const li = document.createElement('li');
    li.textContent = 'None.';
    items.push(li);
  }
  byId('alarms').replaceChildren(...items);
}

function showCommands(commands) {
  rows(
    byId('commands'),
    commands.map(({ device, name, source, origin, state, detail = '' }) => [
      device,
      name,
      origin ? `${source}, ${origin}` : source,
      state,
      detail,
    ]),
  );
}

/** Names to choose from; left alone while they are the same, so that an open list stays open. */
function showKnown(devices) {
  const list = byId('known');
  if (devices.map(({ id }) => id).join() === [...list.children].map(({ value }) => value).join()) return;
  list.replaceChildren(
    ...devices.map(({ id }) => {
      const option = document.createElement('option');
      option.value = id;
      return option;
    }),
  );
}

async function refresh() {
  try {
    const [ledger, devices, { alarms }, { commands }] = await Promise.all(
      ['/api/v1/ledger', '/api/v1/devices?limit=200', '/api/v1/alarms', '/api/v1/commands?limit=10'].map(ask),
    );
    rows(
      byId('sinks'),
      ledger.sinks.map((sink) => [sink.sink, ...columns.map((name) => sink[name]), sink.balanced ? 'yes' : 'NO']),
    );
    rows(
      byId('devices'),
      devices.devices.map((device) => [device.id, device.accepted, device.buffered]),
    );
    showAlarms(alarms);
    showCommands(commands);
    showKnown(devices.devices);
    const balanced = ledger.sinks.every((sink) => sink.balanced);
    byId('verdict').textContent =
      `${devices.total} devices. ${balanced ? 'Nothing acknowledged is lost: the ledger balances.' : 'The ledger does not balance.'}`;
  } catch {
    byId('verdict').textContent = 'The gateway does not answer. This page tries again by itself.';
  }
  setTimeout(() => void refresh(), refreshMs);
}

await refresh();
