import {
  ackCommand,
  getDetail,
  getFunctions,
  getSpecification,
  getStatus,
  getStatuses,
  ackMessages,
  pollCommands,
  pollMessages,
  sendCommands,
} from './control.ts';
import { getDevice, registerChild, registerDevice, removeDevice, renameDevice, setOnline } from './registration.ts';
import { reportAction, reportBatch, reportEvent, reportProperties } from './reports.ts';
import { fail, ok } from './reply.ts';
import type { Handler, Route } from './state.ts';

const login: Handler = (call, state) =>
  call.query.get('grant_type') === '1' ? ok(state.tokens.login(call.now)) : fail(1109);

const refresh: Handler = (call, state) => {
  const pair = state.tokens.refresh(call.params.token ?? '', call.now);
  return pair ? ok(pair) : fail(1400);
};

const third = '/v1.0/iot-03/3rdcloud';
const devices = '/v1.0/iot-03/devices';

/** The whole API. The first row that fits is used, so that fixed words stand before `:names`. */
export const routes: readonly Route[] = [
  { method: 'GET', path: '/v1.0/token', api: 'token', handle: login },
  { method: 'GET', path: '/v1.0/token/:token', api: 'token', handle: refresh },

  { method: 'POST', path: `${third}/devices/batch/property/report`, api: 'report', handle: reportBatch },
  { method: 'POST', path: `${third}/devices/:id/property/report`, api: 'report', handle: reportProperties },
  { method: 'POST', path: `${third}/devices/:id/event/report`, api: 'report', handle: reportEvent },
  { method: 'POST', path: `${third}/devices/:id/action-resp/report`, api: 'report', handle: reportAction },

  { method: 'POST', path: `${third}/devices/:third/register`, api: 'register', handle: registerDevice },
  { method: 'POST', path: `${third}/devices/:third/sub/register`, api: 'register', handle: registerChild },
  { method: 'PUT', path: `${third}/devices/:id/online`, api: 'register', handle: setOnline(true) },
  { method: 'PUT', path: `${third}/devices/:id/offline`, api: 'register', handle: setOnline(false) },
  { method: 'GET', path: `${third}/devices/:third`, api: 'query', handle: getDevice },
  { method: 'PUT', path: `${third}/devices/:id`, api: 'register', handle: renameDevice },
  { method: 'DELETE', path: `${third}/devices/:id/remove`, api: 'register', handle: removeDevice },

  { method: 'GET', path: `${third}/commands/poll`, api: 'poll', handle: pollCommands },
  { method: 'POST', path: `${third}/commands/:id/ack`, api: 'control', handle: ackCommand },

  { method: 'GET', path: `${third}/messages/poll`, api: 'poll', handle: pollMessages },
  { method: 'POST', path: `${third}/messages/ack`, api: 'control', handle: ackMessages },

  { method: 'GET', path: `${devices}/status`, api: 'query', handle: getStatuses },
  { method: 'GET', path: `${devices}/:id`, api: 'query', handle: getDetail },
  { method: 'GET', path: `${devices}/:id/status`, api: 'query', handle: getStatus },
  { method: 'GET', path: `${devices}/:id/functions`, api: 'query', handle: getFunctions },
  { method: 'GET', path: `${devices}/:id/specification`, api: 'query', handle: getSpecification },
  { method: 'POST', path: `${devices}/:id/commands`, api: 'control', handle: sendCommands },
];

const split = new Map(routes.map((route) => [route, route.path.split('/')]));

/** The row for a call, and what its `:names` stand for. `path` is without query. */
export function findRoute(method: string, path: string): { route: Route; params: Record<string, string> } | undefined {
  const given = path.split('/');
  for (const [route, wanted] of split) {
    if (route.method !== method || wanted.length !== given.length) continue;
    if (!wanted.every((segment, i) => segment.startsWith(':') || segment === given[i])) continue;
    const named = wanted.flatMap((segment, i) => (segment.startsWith(':') ? [[segment.slice(1), given[i] ?? '']] : []));
    return { route, params: Object.fromEntries(named) as Record<string, string> };
  }
  return undefined;
}
