import { isUtf8 } from 'node:buffer';

/**
 * Whether bytes `start` to `end` are a string that MQTT 3.1.1 allows (section 1.5.3): UTF-8 without surrogates and
 * NUL, and without the control characters and non-characters that a receiver may refuse. All of them are refused
 * here: they hide in logs and split matchers.
 */
export function isMqttText(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end && isPlain(bytes[i]!)) i++;
  if (i === end) return true;
  const text = bytes.subarray(start, end);
  return isUtf8(text) && isPrintable(Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8'));
}

/** Printable ASCII, the common case that needs no decoding. */
function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

function isPrintable(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false;
    if ((code & 0xfffe) === 0xfffe || (code >= 0xfdd0 && code <= 0xfdef)) return false;
  }
  return true;
}

/** What is wrong with the bytes of a topic name (section 4.7), or nothing. One pass, no allocation for ASCII. */
export function topicFault(bytes: Uint8Array, start: number, end: number, maxLevels: number): string | undefined {
  if (start === end) return 'topic-empty';
  let levels = 1;
  let plain = true;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x2f) levels++;
    else if (byte === 0x23 || byte === 0x2b) return 'topic-wildcard';
    else if (!isPlain(byte)) plain = false;
  }
  if (levels > maxLevels) return 'topic-levels';
  return plain || isMqttText(bytes, start, end) ? undefined : 'text';
}

/** What is wrong with a topic filter (section 4.7.1), or nothing: `#` only as the last level, `+` only as a whole one. */
export function filterFault(filter: string, maxLevels: number): string | undefined {
  if (filter === '') return 'filter-empty';
  const levels = filter.split('/');
  if (levels.length > maxLevels) return 'topic-levels';
  for (const [index, level] of levels.entries()) {
    if (level === '#' && index !== levels.length - 1) return 'filter-wildcard';
    if (level.length > 1 && (level.includes('#') || level.includes('+'))) return 'filter-wildcard';
  }
  return undefined;
}
