import { PortcullisError } from '../../contracts/errors.ts';

/** What the gateway does about a failure of the database. */
export type Fault = 'full' | 'corrupt' | 'io' | 'statement';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

/**
 * Sorts an error of SQLite by what to do: wait for room, quarantine the file, throw the handle away (after an I/O
 * error the kernel may have dropped dirty pages, so the same handle must not be asked again), or blame the statement.
 */
export function faultOf(error: unknown): Fault {
  const code = codeOf(error);
  // JSON is read from our own rows only.
  if (error instanceof SyntaxError) return 'corrupt';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'SQLITE_IOERR_SHMSIZE') return 'full';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'corrupt';
  // A schema format that SQLite does not know has no code of its own (SQLite, "Database File Format", section 1.3.10).
  if (error instanceof Error && error.message === 'unsupported file format') return 'corrupt';
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL|INTERRUPT)/.test(code)) return 'io';
  return 'statement';
}

/** An error as plain data, because a class does not survive the way between threads. */
export interface ErrorReport {
  readonly fault: Fault | 'closed' | 'locked' | 'module' | 'refused';
  readonly message: string;
  readonly code: string;
}

export function reportOf(error: unknown): ErrorReport {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code === 'DATA_DIR_LOCKED') return { fault: 'locked', message, code };
  if (code === 'NATIVE_MODULE') return { fault: 'module', message, code };
  if (error instanceof PortcullisError) return { fault: 'refused', message, code };
  return { fault: faultOf(error), message, code };
}

const sentences = {
  full: ['DISK_FULL', 'The disk is full; nothing was committed.'],
  corrupt: ['STORE_FAILED', 'The buffer file is damaged; it is being moved aside.'],
  io: ['STORE_FAILED', 'The disk did not take a write; the buffer is being opened again.'],
  statement: ['INTERNAL', 'A statement of a table set failed.'],
  refused: ['STORE_FAILED', 'The buffer does not open.'],
  closed: ['STORE_CLOSED', 'The buffer is closed.'],
  locked: ['DATA_DIR_LOCKED', 'Another gateway process uses this data folder. Stop it, or choose another dataDir.'],
  module: ['NATIVE_MODULE', 'SQLite does not load on this machine, or it is too old.'],
} as const;

export function errorFrom(report: ErrorReport): PortcullisError {
  const [code, sentence] = sentences[report.fault];
  return new PortcullisError(code, `${sentence} (${report.message})`, { cause: report });
}
