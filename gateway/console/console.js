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

async function refresh() {
  try {
    const [ledger, devices, { alarms }] = await Promise.all(
      ['/api/v1/ledger', '/api/v1/devices?limit=200', '/api/v1/alarms'].map(ask),
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
    const balanced = ledger.sinks.every((sink) => sink.balanced);
    byId('verdict').textContent =
      `${devices.total} devices. ${balanced ? 'Nothing acknowledged is lost: the ledger balances.' : 'The ledger does not balance.'}`;
  } catch {
    byId('verdict').textContent = 'The gateway does not answer. This page tries again by itself.';
  }
  setTimeout(() => void refresh(), refreshMs);
}

await refresh();
