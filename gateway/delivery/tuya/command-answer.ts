import type { Message } from '../../../contracts/message.ts';
import type { Call } from './client.ts';
import type { Projected } from './projection.ts';
import { devicesPath } from './registration.ts';

/**
 * A command of the cloud inside the gateway. Its id carries what the answer needs, so that nothing has to be remembered:
 * `tuya:<id>` for data points, `tuya-action:<id>` for an action, `/<part>.<parts>` behind it when one command of the
 * cloud became several of ours.
 */
export interface CloudCommandId {
  readonly command: string;
  readonly action: boolean;
  readonly part: number;
  readonly parts: number;
}

export interface CommandAnswer extends CloudCommandId {
  readonly name: string;
  readonly success: boolean;
  /** Why it was not done: a code and a sentence. */
  readonly message: string | undefined;
}

const idPattern = /^tuya(?<action>-action)?:(?<command>[\w-]{1,64})(?:\/(?<part>\d{1,2})\.(?<parts>\d{1,2}))?$/;

export function localCommandId({ command, action, part, parts }: CloudCommandId): string {
  return `tuya${action ? '-action' : ''}:${command}${parts > 1 ? `/${part}.${parts}` : ''}`;
}

export function readCommandId(id: string): CloudCommandId | undefined {
  const { action, command, part = '1', parts = '1' } = idPattern.exec(id)?.groups ?? {};
  if (command === undefined) return undefined;
  return { command, action: action !== undefined, part: Number(part), parts: Number(parts) };
}

/** The ids of the other parts of the same command of the cloud. */
export function otherParts(id: CloudCommandId): string[] {
  const all = Array.from({ length: id.parts }, (_, index) => localCommandId({ ...id, part: index + 1 }));
  return all.filter((_, index) => index + 1 !== id.part);
}

/** The result of a command that came from this cloud is its answer; other sources are told elsewhere. */
export function answerOf({ result }: Message): Projected {
  const id = result?.source === 'cloud' ? readCommandId(result.command) : undefined;
  if (result === undefined || id === undefined) return { as: 'skip', why: 'result' };
  return { as: 'answer', answer: { ...id, ...outcomeOf(result), name: result.name } };
}

/** What is said to the cloud of a final state. */
export function outcomeOf(status: {
  readonly state: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}): { readonly success: boolean; readonly message: string | undefined } {
  if (status.state === 'acked') return { success: true, message: undefined };
  const { state, code = state, detail = `the command ended as ${state}` } = status;
  return { success: false, message: `${code}: ${detail}`.slice(0, 1_000) };
}

/** Of TuyaLink's codes the one that says least: 1001, a fault of the service. */
const failed = 1001;

/**
 * The call that tells the cloud. An action is answered with "Report Device Response" (Tuya), whose `msg_id` is the id of
 * the request; data points are answered where they came from, at the long poll.
 */
export function answerCall(answer: CommandAnswer, cloudId: string): Call {
  const { command, action, name, success, message } = answer;
  if (!action) {
    const payload = JSON.stringify({ success, ...(message !== undefined && { message }) });
    return { method: 'POST', target: `/v1.0/iot-03/3rdcloud/commands/${command}/ack`, payload };
  }
  const params = message === undefined ? {} : { message };
  const body = { msg_id: command, code: success ? 0 : failed, data: { action_code: name, output_params: params } };
  return { method: 'POST', target: `${devicesPath}/${cloudId}/action-resp/report`, payload: JSON.stringify(body) };
}
