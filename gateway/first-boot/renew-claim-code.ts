import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PortcullisError } from '../../contracts/errors.ts';

/** On a board with the image: draws a code, and puts it wherever the first boot has put the one before. */
const boardsTool = '/usr/lib/portcullis-image/claim-code';
/** Without letters and digits that are taken for each other. */
const letters = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
const codeLength = 8;

/**
 * Draws another claim code, and gives it: whoever knew the one before could take the gateway of the next owner. Throws FILE_UNREADABLE
 * where it cannot be written; the code before may be gone then, which nobody asks for while the gateway is claimed.
 */
export async function renewClaimCode(codeFile: string, tool = boardsTool): Promise<string> {
  try {
    return existsSync(codeFile) || !existsSync(tool) ? await rewrite(codeFile) : await drawnBy(tool);
  } catch (cause) {
    const sentence = `No new claim code can be written where ${codeFile} comes from, so nothing was removed. Are you root?`;
    throw new PortcullisError('FILE_UNREADABLE', sentence, { cause });
  }
}

async function drawnBy(tool: string): Promise<string> {
  const { stdout } = await promisify(execFile)(tool, ['draw']);
  return stdout.trim();
}

/** In its place: the gateway's user goes on to read it. */
async function rewrite(file: string): Promise<string> {
  const code = Array.from({ length: codeLength }, () => letters[randomInt(letters.length)]).join('');
  await using found = await open(file, 'r+');
  await found.truncate();
  await found.writeFile(`${code}\n`);
  await found.sync();
  return code;
}
