import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import { tell } from '../observability/channels.ts';
import { openDesk } from './desk.ts';
import { openEditor, type Editor } from './editor.ts';
import { openFlowStore, type Generation } from './flow-store.ts';
import type { FlowsOptions } from './options.ts';
import { openPageDialer } from './page-dialer.ts';
import type { FlowsDeps } from './ports.ts';
import { refuseUnknownTypes } from './refuse-types.ts';
import type { FlowsState } from './supervision.ts';
import { superviseFlows } from './supervisor.ts';
import type { FromRuntime } from './wire.ts';

export interface FlowsStatus {
  /** `running`: Node-RED runs; `waiting` and `held` say why in `detail`. */
  readonly state: FlowsState;
  /** Whether it has started the flows. */
  readonly flows: 'started' | 'stopped';
  readonly detail: string;
  /** Of Node-RED, once it has joined. */
  readonly version: string | undefined;
  /** The deploy that is in force; 0 before the first. */
  readonly generation: number;
}

/** Node-RED beside the gateway: its process, what it keeps, its editor. */
export interface Flows extends AsyncDisposable {
  status(): Promise<FlowsStatus>;
  generations(): Promise<readonly Generation[]>;
  /** Keeps the flows and lets Node-RED run them. Rejects with COMMAND_INVALID for what this gateway's Node-RED cannot run. */
  deploy(flows: string, by: string): Promise<FlowsStatus>;
  /** Makes an earlier generation the latest, by default the one before, and lets Node-RED run it. */
  restore(generation: number | undefined, by: string): Promise<FlowsStatus>;
  /** Starts a Node-RED that is held. */
  begin(): Promise<FlowsStatus>;
  readonly editor: Editor;
}

export async function openFlows(options: FlowsOptions, deps: FlowsDeps): Promise<Flows> {
  const { log, clock } = deps;
  const files = openFlowStore(deps.store, clock);
  const pages = openPageDialer();
  const editorSecret = randomBytes(32).toString('base64url');
  if (options.allow.includes('files')) await mkdir(options.filesFolder, { recursive: true, mode: 0o700 });
  let said: { running: boolean; detail: string } = { running: false, detail: '' };
  let version: string | undefined;

  const hear = (message: Exclude<FromRuntime, { is: 'ask' }>): void => {
    if (message.is === 'log') return logIt(log, message);
    if (message.is === 'joined') version = message.version;
    if (message.is !== 'flows') return;
    said = message;
    const detail = `No flow runs: ${said.detail}. Mend it in the editor, or go back with "portcullis flows restore".`;
    tell('alarm', { code: 'flows-stopped', subject: 'flows', active: !said.running, detail });
  };
  const supervisor = superviseFlows(options, {
    clock,
    log,
    pages,
    plan: {
      credentialSecret: options.credentialSecret,
      editorSecret,
      allow: options.allow,
      filesFolder: options.filesFolder,
      timeZone: options.timeZone,
    },
    seat(link) {
      const desk = openDesk({ ...deps, files, allow: options.allow, offer: (told) => link().offer(told), ...troubles });
      return {
        answer: (ask, input) => desk.answer(ask, input),
        hear,
        [Symbol.dispose]: () => desk[Symbol.dispose](),
      };
    },
  });
  const status = async (): Promise<FlowsStatus> => {
    const isRunning = supervisor.state === 'running';
    const [latest] = await files.generations();
    return {
      state: supervisor.state,
      flows: isRunning && said.running ? 'started' : 'stopped',
      detail: isRunning ? said.detail : supervisor.because,
      version,
      generation: latest?.generation ?? 0,
    };
  };
  const reload = (): Promise<FlowsStatus> => {
    said = { running: false, detail: 'They are being started.' };
    supervisor.link?.send({ is: 'reload' });
    return status();
  };
  supervisor.begin();
  return {
    status,
    generations: () => files.generations(),
    async deploy(flows, by) {
      refuseUnknownTypes(flows, options.allow);
      await files.write(flows, by);
      return reload();
    },
    async restore(generation, by) {
      await files.restore(generation, by);
      return reload();
    },
    begin() {
      supervisor.begin();
      return status();
    },
    editor: openEditor(pages, editorSecret),
    async [Symbol.asyncDispose]() {
      await supervisor[Symbol.asyncDispose]();
      pages[Symbol.dispose]();
    },
  };
}

const troubles = {
  onQuarantine(scope: string, why: string): void {
    const detail = `The context of ${scope} could not be read (${why}). It is in quarantine; everything else of the flows is there.`;
    tell('alarm', { code: 'flows-context-broken', subject: scope, active: true, detail });
  },
  onSkipped(generations: readonly number[]): void {
    const detail = `Generation ${generations.join(', ')} of the flows could not be read; the one before runs.`;
    tell('alarm', { code: 'flows-generation-broken', subject: 'flows', active: true, detail });
  },
};

function logIt(log: Logger, { level, text }: Extract<FromRuntime, { is: 'log' }>): void {
  const line = text.trim();
  // It also warns until there are credentials to keep.
  if (line !== '' && line !== 'Encrypted credentials not found')
    log[level === 'info' ? 'debug' : level]({ flows: true }, line);
}
