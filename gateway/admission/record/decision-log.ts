import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PortcullisError } from '../../../contracts/errors.ts';
import { sha256 } from '../source-tree.ts';
import { canonicalJson } from './canonical-json.ts';
import type { DecisionRecord } from './decision-record.ts';

/** A record as it stands in the log: chained to the one before and signed by the gateway. */
export interface SignedRecord extends DecisionRecord {
  /** SHA-256 of the line before, or 64 zeros for the first. */
  readonly previous: string;
  readonly signature: { readonly ed25519: string };
}

/** Decisions of this gateway, one JSON text per line, append only. */
export interface DecisionLog extends AsyncDisposable {
  /** Resolves when the record is on disk. */
  append(record: DecisionRecord): Promise<SignedRecord>;
  /**
   * Whether the last decision about a plugin was taken on this analysis (`analysisKey`) and found nothing at all: then
   * analysing the same code again finds nothing again. The record is signed by this gateway and its chain was checked.
   * Gives what was seen in the code then.
   */
  foundNothing(name: string, analysis: string): Pick<Analysis, 'shape'> | undefined;
  /** The last record about a plugin. */
  last(name: string): DecisionRecord | undefined;
}

type Analysis = DecisionRecord['analysis'];

/** The last record of each plugin, by name. */
type LastRecords = Map<string, DecisionRecord>;

const first = '0'.repeat(64);
const purpose = 'portcullis decision v1\n';
/** No record is longer: violations and grants are bounded by the documents they come from. */
const longestLine = 16 * 1024 * 1024;

/**
 * Opens the log for appending after checking its whole chain. A last line without its end is what a power cut leaves of
 * a record that nobody was told of, and is cut off. Throws PortcullisError (PLUGIN_TAMPERED) when a record was changed,
 * removed or inserted, FILE_UNREADABLE when the file cannot be opened. One process at a time.
 */
export async function openDecisionLog(path: string, key: KeyObject): Promise<DecisionLog> {
  const publicKey = createPublicKey(key);
  await cutUnfinishedLine(path);
  const found = await checkDecisionLog(path, publicKey);
  if (found.fault !== undefined)
    throw new PortcullisError('PLUGIN_TAMPERED', `The decision log ${path} ${found.fault}.`);
  let file: FileHandle;
  try {
    file = await open(path, 'a', 0o640);
  } catch (error) {
    throw new PortcullisError('FILE_UNREADABLE', `The decision log ${path} cannot be written.`, { cause: error });
  }
  let previous = found.last;
  const lastRecords = new Map(found.lastRecords);
  let turn: Promise<unknown> = Promise.resolve();

  const write = async (record: DecisionRecord): Promise<SignedRecord> => {
    const chained = { ...record, previous };
    const ed25519 = sign(null, Buffer.from(purpose + canonicalJson(chained)), key).toString('base64');
    const line = canonicalJson({ ...chained, signature: { ed25519 } });
    await file.appendFile(`${line}\n`);
    await file.datasync();
    previous = sha256(line);
    lastRecords.set(record.subject.name, record);
    return { ...chained, signature: { ed25519 } };
  };

  return {
    foundNothing: (name, key) => {
      const clean = cleanAnalysis(lastRecords, name);
      return clean?.key === key ? clean : undefined;
    },
    last: (name) => lastRecords.get(name),
    append: (record) => {
      const next = turn.then(() => write(record));
      // The next record waits for this one; whether it failed is its own caller's matter.
      turn = next.catch(() => undefined);
      return next;
    },
    [Symbol.asyncDispose]: async () => {
      await turn;
      await file.close();
    },
  };
}

/** The analysis behind the last decision about a plugin, where that found nothing at all. */
function cleanAnalysis(last: LastRecords, name: string): Analysis | undefined {
  const { decision, violations = [], analysis } = last.get(name) ?? {};
  return decision === 'ADMIT' && violations.length === 0 ? analysis : undefined;
}

/**
 * Reads a log and says where its chain breaks. `last` is the hash that the next record chains to. A missing file is
 * an empty log.
 */
export async function checkDecisionLog(
  path: string,
  publicKey: KeyObject,
): Promise<{
  readonly records: number;
  readonly last: string;
  readonly fault?: string;
  readonly lastRecords: ReadonlyMap<string, DecisionRecord>;
}> {
  let previous = first;
  let records = 0;
  const lastRecords: LastRecords = new Map();
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      const fault = lineFault(line, previous, publicKey);
      if (fault !== undefined)
        return { records, last: previous, lastRecords, fault: `is broken at line ${records + 1}: ${fault}` };
      previous = sha256(line);
      const { previous: _, signature: _signature, ...record } = JSON.parse(line) as SignedRecord;
      lastRecords.set(record.subject.name, record);
      records++;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new PortcullisError('FILE_UNREADABLE', `The decision log ${path} cannot be read.`, { cause: error });
    }
  }
  return { records, last: previous, lastRecords };
}

function lineFault(line: string, previous: string, publicKey: KeyObject): string | undefined {
  let record: Partial<SignedRecord>;
  try {
    record = JSON.parse(line) as Partial<SignedRecord>;
  } catch {
    return 'no JSON';
  }
  const { signature, ...chained } = record;
  if (chained.previous !== previous) return 'it does not follow the record before';
  if (canonicalJson(record) !== line) return 'it was written in another form';
  const bytes = Buffer.from(signature?.ed25519 ?? '', 'base64');
  return verify(null, Buffer.from(purpose + canonicalJson(chained)), publicKey, bytes)
    ? undefined
    : 'its signature does not verify';
}

async function cutUnfinishedLine(path: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new PortcullisError('FILE_UNREADABLE', `The decision log ${path} cannot be opened.`, { cause: error });
  }
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, longestLine));
    await file.read(tail, 0, tail.byteLength, size - tail.byteLength);
    const end = tail.lastIndexOf(0x0a);
    // No line end at all in the longest possible line: not a cut record, so the chain check will say what it is.
    if (end === tail.byteLength - 1 || (end < 0 && size > tail.byteLength)) return;
    await file.truncate(size - tail.byteLength + end + 1);
    await file.datasync();
  } finally {
    await file.close();
  }
}
