import type { Notice } from '../tables.ts';

/** What a person reads. `about` is the gateway, and `pathOf` the names of a place. */
export interface Words {
  readonly gateway: string;
  readonly timeZone: string;
  readonly pathOf: (place: string) => string | undefined;
}

/** Ids come from devices: what would break a line or move a cursor is shown as a blank. */
const plain = (text: string): string => text.replaceAll(/\p{C}/gu, ' ');

const verbs = { raised: '', cleared: 'over: ', escalated: 'not acknowledged: ' } as const;

/** One line for one alarm: what, where. */
export function titleOf({ alarm, why }: Notice, { pathOf }: Words): string {
  const { severity, code, subject, place } = alarm;
  const where = (place === undefined ? undefined : pathOf(place)) ?? subject;
  return plain(`${verbs[why]}${severity.toUpperCase()} ${code} at ${where}`);
}

/** The title of a letter. */
export function subjectOf(notices: readonly [Notice, ...Notice[]], words: Words): string {
  const [first, ...others] = notices;
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  return `[${words.gateway}] ${titleOf(first, words)}${rest}`;
}

export function textOf(notices: readonly Notice[], words: Words): string {
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: words.timeZone,
    dateStyle: 'medium',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  return notices.map((notice) => paragraph(notice, words, time)).join('\n\n');
}

function paragraph(notice: Notice, words: Words, time: Intl.DateTimeFormat): string {
  const { detail, subject, since, changed, count, id } = notice.alarm;
  const lines = [
    titleOf(notice, words),
    plain(detail),
    `Subject: ${plain(subject)}`,
    `Since: ${time.format(since)}${count > 1 ? `, ${count} times` : ''}`,
    ...(notice.why === 'cleared' ? [`Over: ${time.format(changed)}`] : []),
    `Alarm: ${id}`,
  ];
  return lines.join('\n');
}

/** What a machine reads. */
export function dataOf({ alarm, why }: Notice, { gateway, pathOf }: Words): object {
  const path = alarm.place === undefined ? undefined : pathOf(alarm.place);
  return { gateway, why, alarm: { ...alarm, ...(path !== undefined && { path }) } };
}
