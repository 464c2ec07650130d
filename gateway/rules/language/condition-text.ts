import { kindOf, type Condition } from '../../../contracts/rule-condition.ts';

/** A condition in words, for people who ask why a rule fired. */
export function conditionText(condition: Condition): string {
  const { over } = condition;
  const metric = [condition.metric ?? 'anything'].flat().join(' or ');
  const what = over === undefined || over === 'any' ? metric : `${over} of ${metric}`;
  const clear = condition.clear === undefined ? '' : ` until ${condition.clear}`;
  switch (kindOf(condition)) {
    case 'above':
      return `${what} above ${condition.above}${clear}`;
    case 'below':
      return `${what} below ${condition.below}${clear}`;
    case 'is':
      return `${what} is ${String(condition.is)}`;
    case 'in':
      return `${what} is one of ${condition.in?.join(', ')}`;
    case 'matches':
      return `${what} matches ${condition.matches}`;
    case 'rises':
      return `${what} rises by ${condition.rises} within ${condition.within}`;
    case 'falls':
      return `${what} falls by ${condition.falls} within ${condition.within}`;
    case 'silent':
      return `${what} silent for ${condition.silent}`;
    case 'expression':
      return condition.expression ?? '';
    case 'flag':
      return `flag ${condition.flag} is ${condition.is === false ? 'off' : 'on'}`;
    case 'time': {
      const { at, from, to, days } = condition.time ?? {};
      const when = at === undefined ? `from ${from} to ${to}` : `at ${at}`;
      return days === undefined ? when : `${when} on ${days.join(', ')}`;
    }
    default:
      return '';
  }
}
