import { PortcullisError } from '../../contracts/errors.ts';
import type { FiringDeed } from '../../contracts/rule-shown.ts';
import { shownDeed, type Deed } from './deeds.ts';
import type { RuleDeps } from './options.ts';

/** What cannot be done is a line of the firing, never a reason to stop. A flag was set and committed with the firing. */
export async function doOne(deed: Deed, rule: string, { commands, alarms }: RuleDeps): Promise<FiringDeed> {
  const by = `rule:${rule}`;
  const shown = shownDeed(deed);
  try {
    if (deed.do === 'command') await commands.submit(deed.command);
    else if (deed.do === 'raise') {
      const { do: _, latched, ...alarm } = deed;
      await alarms.raise({ ...alarm, ...(latched !== undefined && { latched }), by });
    } else if (deed.do === 'clear') await alarms.clear({ code: deed.code, subject: deed.subject, by });
    else if (deed.do === 'notify') {
      const { subject, severity, detail } = deed;
      const code = `notice.${rule}`.slice(0, 64);
      await alarms.raise({ code, subject, severity, detail, by });
      await alarms.clear({ code, subject, by });
    }
    return { ...shown, outcome: deed.do === 'command' ? 'taken' : 'done' };
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return { ...shown, outcome: 'refused', detail: `${error.code}: ${error.message}`.slice(0, 300) };
  }
}
