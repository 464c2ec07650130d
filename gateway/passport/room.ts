import { statfs } from 'node:fs/promises';
import { PortcullisError } from '../../contracts/errors.ts';

/** What is always left on the disk for the gateway's own writing. */
const spareBytes = 64 * 1024 * 1024;

/** Throws DISK_FULL unless so many bytes fit into the folder's disk with some to spare. */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const missing = bytes + spareBytes - bavail * bsize;
  if (missing <= 0) return;
  const mebibytes = Math.ceil(missing / 1024 ** 2);
  throw new PortcullisError('DISK_FULL', `There is too little room in ${folder}: ${mebibytes} MiB more are needed.`);
}
