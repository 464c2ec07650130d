import { once } from 'node:events';
import { PortcullisError } from '../../contracts/errors.ts';
import { readUpload } from '../cli/plugin-found.ts';
import { comparePlugin } from '../cli/plugin-preflight.ts';
import { refusedTrial } from '../cli/plugin-trial.ts';
import { goBack, switchOn } from '../cli/plugin-versions.ts';
import type { InstallOrder, InstallResult, PluginOrder } from './plugin-uploads.ts';

const [order] = (await once(process, 'message')) as [PluginOrder];
const answer = (result: InstallResult): void => void process.send?.(result);

async function install({ config, file, name, dryRun }: InstallOrder): Promise<InstallResult> {
  const compared = await comparePlugin(await readUpload(file, name), config);
  const { subject, report } = compared;
  const switched = dryRun ? undefined : await switchOn(compared, config);
  return {
    installed: {
      plugin: compared.name,
      version: compared.candidate.version,
      decision: 'ADMIT',
      switchedOn: switched !== undefined,
      before: switched?.before ?? subject.running ?? null,
      traffic: subject.traffic,
      messages: report.messages,
      different: report.different,
      groups: report.groups,
      violations: [],
    },
  };
}

try {
  if ('rollback' in order) answer({ rolledBack: await goBack(order.rollback, order.config) });
  else answer(await install(order));
} catch (error) {
  if (error instanceof PortcullisError)
    answer({ refused: { code: error.code, message: error.message, trial: refusedTrial(error) } });
  else answer({ refused: { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) } });
}
process.disconnect();
