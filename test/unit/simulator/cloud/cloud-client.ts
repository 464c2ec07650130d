import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openCloud } from '../../../../simulator/cloud/cloud.ts';
import type { Cloud, CloudOptions } from '../../../../simulator/cloud/cloud.ts';
import { stringToSign } from '../../../../simulator/cloud/signature.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: { success?: boolean; code?: number; result?: unknown } & Record<string, unknown>;
}

interface RawCall {
  readonly method: string;
  readonly target: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One HTTPS exchange, verified against the cloud's CA, on a connection of its own. */
export function send(cloud: Cloud, call: RawCall): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method, target, headers = {}, body = '' } = call;
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method, ca: cloud.ca, host: '127.0.0.1', port: cloud.port, path: target, agent: false };
    const sent = request({ ...options, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
        resolve({ status: response.statusCode ?? 0, text, json: isJson ? (JSON.parse(text) as Answer['json']) : {} });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export interface Client {
  readonly cloud: Cloud;
  readonly call: (method: string, target: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  readonly mock: (method: string, target: string, body?: unknown) => Promise<Answer>;
  /** Logs in and keeps the token for every later call. */
  readonly login: () => Promise<Answer>;
  /** Registers a device and returns its cloud id. */
  readonly register: (third: string) => Promise<string>;
}

/** A cloud in a folder of its own and a client that signs; both end with the test. */
export async function startCloud(t: TestContext, options: Partial<CloudOptions> = {}): Promise<Client> {
  const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-cloud-'));
  const cloud = await openCloud({ dataDir, ...options });
  t.after(async () => {
    await cloud[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true });
  });
  let token = '';
  const call: Client['call'] = (method, target, json, extra = {}) => {
    const body = json === undefined ? '' : JSON.stringify(json);
    const time = String((options.clock ?? { wallMs: Date.now }).wallMs());
    const access = target.startsWith('/v1.0/token') ? '' : token;
    const text = stringToSign({ method, target, headers: {}, body: Buffer.from(body) });
    const sign = createHmac('sha256', cloud.secret).update(`${cloud.clientId}${access}${time}${text}`).digest('hex');
    const headers = { client_id: cloud.clientId, access_token: access, t: time, sign: sign.toUpperCase() };
    const type = body === '' ? {} : { 'content-type': 'application/json' };
    return send(cloud, {
      method,
      target,
      body,
      headers: { ...headers, sign_method: 'HMAC-SHA256', ...type, ...extra },
    });
  };
  const login = async (): Promise<Answer> => {
    const answer = await call('GET', '/v1.0/token?grant_type=1');
    token = (answer.json.result as { access_token: string }).access_token;
    return answer;
  };
  const register = async (third: string): Promise<string> => {
    const body = { device_name: `Device ${third}`, product_id: 'portcullis' };
    const answer = await call('POST', `/v1.0/iot-03/3rdcloud/devices/${third}/register`, body);
    return (answer.json.result as { device_id: string }).device_id;
  };
  const mock: Client['mock'] = (method, target, json) =>
    send(cloud, { method, target, body: json === undefined ? '' : JSON.stringify(json) });
  return { cloud, call, mock, login, register };
}
