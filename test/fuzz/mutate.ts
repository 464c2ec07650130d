import fc from 'fast-check';

/** How often a fuzz test tries: more by `FUZZ_RUNS`, for example at night. */
export function fuzzRuns(few: number): number {
  const wanted = Number(process.env['FUZZ_RUNS'] ?? few);
  if (!Number.isInteger(wanted) || wanted < 1) throw new Error('FUZZ_RUNS is a whole number of tries');
  return wanted;
}

/** One change to bytes: where it happens, as a part of 2^16 of their length, and what. */
type Change = readonly [at: number, (bytes: Buffer, at: number) => Buffer];

const splice = (bytes: Buffer, at: number, away: number, added: ArrayLike<number>): Buffer =>
  Buffer.concat([bytes.subarray(0, at), Uint8Array.from(added), bytes.subarray(at + away)]);

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat({ max: 65_535 }),
  fc.oneof(
    fc
      .nat({ max: 7 })
      .map((bit) => (bytes: Buffer, at: number) => splice(bytes, at, 1, [(bytes[at] ?? 0) ^ (1 << bit)])),
    fc.constantFrom(0, 0x7f, 0x80, 0xff).map((byte) => (bytes: Buffer, at: number) => splice(bytes, at, 1, [byte])),
    fc
      .uint8Array({ minLength: 1, maxLength: 9 })
      .map((added) => (bytes: Buffer, at: number) => splice(bytes, at, 0, added)),
    fc.integer({ min: 1, max: 12 }).map((away) => (bytes: Buffer, at: number) => splice(bytes, at, away, [])),
    fc
      .integer({ min: 1, max: 40 })
      .map((size) => (bytes: Buffer, at: number) => splice(bytes, at, 0, bytes.subarray(at, at + size))),
    fc.constant((bytes: Buffer, at: number) => bytes.subarray(0, at)),
  ),
);

/** Bytes after one to six small changes. */
export function mutated(original: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(original, fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([bytes, changes]) =>
      changes.reduce((now, [part, apply]) => apply(now, Math.floor((part * now.length) / 65_536)), bytes),
    );
}

const nasty = [
  'null',
  '[]',
  '{}',
  '-1',
  '1e999',
  '.nan',
  '""',
  '"\\0"',
  '../../etc/passwd',
  'y'.repeat(5_000),
  '&a [*a]',
  '!!binary AAAA',
  '{ __proto__: { a: 1 } }',
  '2001-01-01',
  '0x1F',
];

/** A YAML text after one to four changes to its lines and values. */
export function mutatedYaml(texts: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.tuple(
    fc.nat(),
    fc.constantFrom('drop', 'double', 'indent', 'outdent', 'value', 'key'),
    fc.constantFrom(...nasty),
  );
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([text, edits]) => {
    const lines = text.split('\n');
    for (const [where, what, value] of edits) {
      const at = where % lines.length;
      const line = lines[at] ?? '';
      const changed = {
        drop: [],
        double: [line, line],
        indent: [`  ${line}`],
        outdent: [line.replace(/^ {1,2}/, '')],
        value: [line.replace(/:.*$/, `: ${value}`)],
        key: [line.replace(/[\w-]+:/, `${value}:`)],
      }[what];
      lines.splice(at, 1, ...(changed ?? []));
    }
    return lines.join('\n');
  });
}
