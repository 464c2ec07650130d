/** One event of a stream of server-sent events. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  /** Where to go on after it; undefined where it named none. */
  readonly id: string | undefined;
}

/**
 * Puts server-sent events together from pieces of text (WHATWG HTML, section 9.2.6). Comments are signs of life and no
 * events; an event without data is none.
 */
export function eventReader(): (piece: string) => StreamEvent[] {
  let rest = '';
  return (piece) => {
    const blocks = (rest + piece).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap(eventOf);
  };
}

function eventOf(block: string): StreamEvent[] {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === 'data' && fields.has('data')) fields.set('data', `${fields.get('data')}\n${value}`);
    else if (name !== '') fields.set(name, value);
  }
  const data = fields.get('data');
  return data === undefined ? [] : [{ type: fields.get('event') ?? 'message', data, id: fields.get('id') }];
}
