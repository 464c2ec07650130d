import { once } from 'node:events';
import { pino } from 'pino';
import { openAdmission } from '../admission/open-admission.ts';
import { admittedPlugin } from './admitted-plugin.ts';
import type { AdmissionOrder, AdmissionResult } from './admit-in-process.ts';
import { systemClock } from '../lib/clock.ts';

const [{ folders, given, ...settings }] = (await once(process, 'message')) as [AdmissionOrder];
// The gateway tells what happened: this process has no log of its own.
const deps = { log: pino({ level: 'silent' }), clock: systemClock };
const answer = (result: AdmissionResult): void => void process.send?.(result);

try {
  await using door = await openAdmission({ ...settings, given: (plugin) => given.get(plugin) }, deps);
  const found = [];
  for (const { folder, origin } of folders) {
    const admissions = await door.admit(folder, { stored: true, origin });
    found.push(await Promise.all(admissions.map((admission) => admittedPlugin(admission, folder))));
  }
  answer({ found });
} catch (error) {
  answer({ refused: error instanceof Error ? error.message : String(error) });
}
process.disconnect();
