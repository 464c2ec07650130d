import { useEffect, useRef, useState } from 'preact/hooks';
import { useLive, type Line, type LiveRecord } from './live.ts';

export interface LiveValue {
  readonly value: boolean | number | string;
  readonly at: number;
}
/** By the name of the metric, as twins call it. */
export type Values = Readonly<Record<string, LiveValue>>;
/** By the id of the device. */
export type Heard = Readonly<Record<string, Values>>;

/** A burst is drawn once. */
const drawMs = 250;
const kinds = new Set(['telemetry', 'state', 'availability', 'event']);

/** The newest values of what is heard since the page was opened. */
export function useLiveValues(
  query: string | undefined,
  missed: () => void,
): { readonly line: Line; readonly heard: Heard } {
  const [heard, show] = useState<Heard>({});
  const fresh = useRef(new Map<string, Values>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const draw = (): void => {
    timer.current = undefined;
    const news = [...fresh.current];
    fresh.current.clear();
    show((before) => ({
      ...before,
      ...Object.fromEntries(news.map(([device, values]) => [device, { ...before[device], ...values }])),
    }));
  };
  const take = (record: LiveRecord): void => {
    if (!kinds.has(record.kind)) return;
    fresh.current.set(record.dev.id, { ...fresh.current.get(record.dev.id), ...valuesIn(record) });
    timer.current ??= setTimeout(draw, drawMs);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return { line: useLive(query, { take, missed }), heard };
}

function valuesIn({ dev, rts, m }: LiveRecord): Values {
  return Object.fromEntries(
    m.flatMap(({ n, ep = dev.ep, v, vb, vs }) => {
      const value = v ?? vb ?? vs;
      return value === undefined ? [] : [[ep === undefined ? n : `${n}@${ep}`, { value, at: rts }]];
    }),
  );
}

/** What was asked for with what was heard since: the later one of each. */
export function laterOf<Value extends LiveValue>(
  asked: Readonly<Record<string, Value>>,
  heard: Values = {},
): Readonly<Record<string, LiveValue>> {
  const later = Object.entries(heard).filter(([metric, { at }]) => at >= (asked[metric]?.at ?? 0));
  return { ...asked, ...Object.fromEntries(later) };
}
