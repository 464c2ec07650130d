/** One change of the disk, or one sync, as test/shims/disk-log.c wrote it down. Paths are relative to the folder. */
export type Change =
  | { readonly is: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly is: 'truncate'; readonly path: string; readonly size: number }
  | { readonly is: 'create' | 'mkdir' | 'remove'; readonly path: string }
  | { readonly is: 'sync'; readonly path: string }
  | { readonly is: 'rename'; readonly path: string; readonly to: string };

export interface Logged {
  readonly change: Change;
  /** When the disk was about to be asked: CLOCK_MONOTONIC in nanoseconds, and wall milliseconds. */
  readonly monoNs: bigint;
  readonly wallMs: number;
}

const headBytes = 40;
const kinds = ['', 'write', 'truncate', 'create', 'mkdir', 'remove', 'rename', 'sync'] as const;

/** Reads the log of a folder; `folder` is the path that the daemon had. Throws on anything that is not such a log. */
export function readDiskLog(bytes: Buffer, folder: string): Logged[] {
  const logged: Logged[] = [];
  for (let at = 0; at < bytes.length;) {
    const pathEnd = at + headBytes + bytes.readUInt32LE(at + 4);
    const end = pathEnd + Number(bytes.readBigUInt64LE(at + 32));
    if (end > bytes.length) throw new Error(`the log of the disk ends within a change, at ${at}`);
    const change = changeOf({
      is: kinds[bytes.readUInt32LE(at)],
      path: within(folder, bytes.toString('utf8', at + headBytes, pathEnd)),
      offset: Number(bytes.readBigInt64LE(at + 24)),
      data: bytes.subarray(pathEnd, end),
      folder,
    });
    logged.push({ change, monoNs: bytes.readBigUInt64LE(at + 8), wallMs: Number(bytes.readBigUInt64LE(at + 16)) });
    at = end;
  }
  return logged;
}

interface Raw {
  readonly is: (typeof kinds)[number] | undefined;
  readonly path: string;
  readonly offset: number;
  readonly data: Buffer;
  readonly folder: string;
}

function changeOf({ is, path, offset, data, folder }: Raw): Change {
  if (is === undefined || is === '') throw new Error(`the log of the disk has an unknown change of ${path}`);
  if (is === 'write') return { is, path, offset, data };
  if (is === 'truncate') return { is, path, size: offset };
  if (is === 'rename') return { is, path, to: within(folder, data.toString()) };
  return { is, path };
}

function within(folder: string, path: string): string {
  if (path !== folder && !path.startsWith(`${folder}/`)) throw new Error(`${path} is not in ${folder}`);
  return path.slice(folder.length + 1);
}
