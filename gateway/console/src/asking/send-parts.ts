import { ask } from './ask.ts';

/** What the gateway takes in one request. */
const partBytes = 1024 * 1024;

/** Sends a file in parts, in order; `told` hears how many bytes of it have come. */
export async function sendParts(
  file: File,
  pathOf: (offset: number) => string,
  told: (bytes: number) => void,
): Promise<void> {
  for (let offset = 0; offset < file.size; offset += partBytes) {
    const content = file.slice(offset, offset + partBytes);
    await ask(pathOf(offset), { method: 'POST', file: { type: 'application/octet-stream', content } });
    told(offset + content.size);
  }
}
