import { once } from 'node:events';
import { PortcullisError } from '../../contracts/errors.ts';
import { readUpload } from '../cli/plugin-found.ts';
import { comparePlugin } from '../cli/plugin-preflight.ts';
import { switchOn } from '../cli/plugin-versions.ts';
import type { InstallOrder, InstallResult } from './plugin-uploads.ts';

const [{ config, file, name, dryRun }] = (await once(process, 'message')) as [InstallOrder];
const answer = (result: InstallResult): void => void process.send?.(result);

try {
  const compared = await comparePlugin(await readUpload(file, name), config);
  const { subject, report } = compared;
  const switched = dryRun ? undefined : await switchOn(compared, config);
  answer({
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
    },
  });
} catch (error) {
  if (error instanceof PortcullisError) answer({ refused: { code: error.code, message: error.message } });
  else answer({ refused: { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) } });
}
process.disconnect();
