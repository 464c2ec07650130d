import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import { call, gatewayCommand, json, listed, print, type GatewayOptions } from './call-gateway.ts';
import { wholeNumber } from './number.ts';

const route = '/api/v1/flows';

interface Status {
  readonly state: string;
  readonly flows: string;
  readonly detail: string;
  readonly generation: number;
}
interface Generation {
  readonly generation: number;
  readonly at: number;
  readonly by: string;
  readonly bytes: number;
}

const sentence = ({ state, flows, detail, generation }: Status): string =>
  `Node-RED is ${state}, its flows are ${flows} (generation ${generation}).${detail === '' ? '' : ` ${detail}`}`;

/** `portcullis flows`: Node-RED beside the gateway, and tests of flows. */
export function flowsCommand(): Command {
  const flows = new Command('flows').description("Show Node-RED's state, go back to an earlier deploy, test flows.");

  gatewayCommand(flows, 'status', 'Say whether Node-RED and its flows run, and if not, why.').action(
    async (options: GatewayOptions) => print(await call<Status>(options, 'GET', route), options, sentence),
  );
  gatewayCommand(flows, 'history', 'Show what was deployed, the latest first.').action(
    async (options: GatewayOptions) => {
      const { generations } = await call<{ generations: Generation[] }>(options, 'GET', `${route}/generations`);
      print(generations, options, (all) =>
        listed(
          all.map(({ generation, at, by, bytes }) => [`${generation}`, new Date(at).toISOString(), by, `${bytes} B`]),
        ),
      );
    },
  );
  gatewayCommand(flows, 'restore', 'Go back to an earlier deploy, by default the one before.')
    .argument('[generation]', 'as "flows history" shows it', wholeNumber({ min: 1 }))
    .action(async (generation: number | undefined, options: GatewayOptions) => {
      const body = json(generation === undefined ? {} : { generation });
      print(await call<Status>(options, 'POST', `${route}/restore`, body), options, sentence);
    });
  gatewayCommand(flows, 'deploy <file>', 'Deploy a JSON list of nodes in place of all flows.').action(
    async (file: string, options: GatewayOptions) => {
      const body = { type: 'application/json', content: await textOf(file) } as const;
      print(await call<Status>(options, 'POST', `${route}/deploy`, body), options, sentence);
    },
  );
  gatewayCommand(flows, 'start', 'Start a Node-RED that is held because it ended too often.').action(
    async (options: GatewayOptions) =>
      print(await call<Status>(options, 'POST', `${route}/start`, json({})), options, sentence),
  );
  flows
    .command('test <paths...>')
    .description('Run flows against recorded messages (*.flowtest.yaml); exit 1 unless they do what is expected.')
    .option('--json', 'print JSON')
    .action(async (paths: readonly string[], options: { readonly json?: boolean }) => {
      const { testFlows } = await import('../flows/testing/test-flows.ts');
      const results = await testFlows(paths);
      const lines = results.map(({ file, problems }) =>
        [`${problems.length === 0 ? 'ok' : 'failed'}\t${file}`, ...problems.map((one) => `\t${one}`)].join('\n'),
      );
      console.log(options.json ? JSON.stringify({ results }) : lines.join('\n'));
      if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
    });
  return flows;
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `${file} cannot be read.`, { cause });
  });
}
