// The local cloud in a process of its own. Tells where it is over IPC, and answers each message with its totals.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCloud } from '../simulator/cloud/cloud.ts';

const cloud = await openCloud({ dataDir: mkdtempSync(join(tmpdir(), 'portcullis-bench-cloud-')) });
const { url, clientId, secretFile, caFile } = cloud;
process.send?.({ endpoint: url, clientId, secretFile, ca: caFile });
process.on('message', () => process.send?.(cloud.totals()));
process.on('SIGTERM', () => process.exit(0));
