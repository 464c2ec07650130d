import { z } from 'zod';
import { wish as commandWish } from './control.ts';
import { shownDevice } from './devices.ts';
import { faultWish } from './faults.ts';
import { messageWish } from './messages.ts';
import { productWish } from './products.ts';
import type { CloudState } from './state.ts';

/** What a test asks of the cloud: unsigned, and only from this machine. */
export interface MockRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

export interface MockAnswer {
  readonly status: number;
  readonly body: unknown;
}

type MockHandler = (request: MockRequest, state: CloudState) => MockAnswer;

const answer = (body: unknown, status = 200): MockAnswer => ({ status, body });
const wrong = (error: string, status = 400): MockAnswer => answer({ error }, status);

const maxProducts = 1_000;

const page = z.object({
  format: z.enum(['json', 'count']).default('json'),
  since: z.coerce.number().nonnegative().default(0),
  cursor: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

/** `GET /_mock/received?since=&cursor=&limit=&format=count`: rows in the order of their first arrival. */
const received: MockHandler = ({ query }, { received: log }) => {
  const want = page.safeParse(Object.fromEntries(query));
  if (!want.success) return wrong(z.prettifyError(want.error));
  const totals = log.totals();
  return answer(want.data.format === 'count' ? totals : { ...totals, ...log.page(want.data) });
};

const clearReceived: MockHandler = (_, state) => {
  state.received.clear();
  return answer({ cleared: true });
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const armFault: MockHandler = ({ body }, state) => {
  const wish = faultWish.safeParse(parseJson(body));
  if (!wish.success) return wrong(z.prettifyError(wish.error));
  const fault = state.faults.arm(wish.data, state.clock.monoMs());
  return fault ? answer(fault, 201) : wrong('100 faults are armed already', 409);
};

const clearFaults: MockHandler = (_, state) => {
  state.faults.clear();
  return answer({ cleared: true });
};

const target = z.object({
  device_id: z.string().optional(),
  third_id: z.string().optional(),
  ttl_ms: z.int().positive().optional(),
  ago_ms: z.int().nonnegative().default(0),
});

/** `POST /_mock/commands` as the cloud's app would: `{device_id or third_id, ttl_ms?, ago_ms?, commands:[{code,value}] or action}`. */
const addCommand: MockHandler = ({ body }, state) => {
  const wish = z.intersection(target, commandWish).safeParse(parseJson(body));
  if (!wish.success) return wrong(z.prettifyError(wish.error));
  const { device_id: id, third_id: third, ttl_ms, ago_ms, ...what } = wish.data;
  const device = state.devices.byId(id ?? '') ?? state.devices.byThird(third ?? '');
  if (!device) return wrong('no such device', 404);
  return answer(state.commands.enqueue(device.id, what, state.clock.wallMs() - ago_ms, ttl_ms), 201);
};

/** `POST /_mock/messages`: `{protocol, data, em?}` lies in the message queue then. */
const addMessage: MockHandler = ({ body }, state) => {
  const wish = messageWish.safeParse(parseJson(body));
  if (!wish.success) return wrong(z.prettifyError(wish.error));
  return answer({ messageId: state.messages.publish(wish.data, state.clock.wallMs()) }, 201);
};

/** `POST /_mock/products`: `{product_id, functions, status}` as its specification shall say. */
const addProduct: MockHandler = ({ body }, state) => {
  const wish = productWish.safeParse(parseJson(body));
  if (!wish.success) return wrong(z.prettifyError(wish.error));
  if (state.products.size >= maxProducts) return wrong('there are too many products already', 409);
  state.products.set(wish.data.product_id, wish.data);
  return answer(wish.data, 201);
};

const handlers: Readonly<Record<string, MockHandler>> = {
  'GET /_mock/received': received,
  'DELETE /_mock/received': clearReceived,
  'GET /_mock/faults': (_, state) => answer(state.faults.list(state.clock.monoMs())),
  'POST /_mock/faults': armFault,
  'DELETE /_mock/faults': clearFaults,
  'GET /_mock/devices': (_, state) => answer(state.devices.list().map(shownDevice)),
  'GET /_mock/gateways': (_, state) => answer(state.gateways.list()),
  'GET /_mock/messages': (_, state) => answer({ waiting: state.messages.size }),
  'POST /_mock/messages': addMessage,
  'DELETE /_mock/messages/leases': (_, state) => {
    state.messages.redeliver();
    return answer({ waiting: state.messages.size });
  },
  'POST /_mock/products': addProduct,
  'GET /_mock/commands': (_, state) => answer(state.commands.list()),
  'POST /_mock/commands': addCommand,
  'DELETE /_mock/commands/leases': (_, state) => {
    state.commands.redeliver();
    return answer(state.commands.list());
  },
};

export const isMockPath = (path: string): boolean => path.startsWith('/_mock/');

/** Loopback in its IPv4, IPv6 and mapped spelling. */
export const isLoopback = (address: string | undefined): boolean =>
  address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address ?? '');

export function answerMock(request: MockRequest, state: CloudState): MockAnswer {
  const handle = handlers[`${request.method} ${request.path}`];
  return handle ? handle(request, state) : wrong(`there is no ${request.method} ${request.path}`, 404);
}
