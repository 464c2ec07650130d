import { join } from 'node:path';
import { askForWeaknesses, type Audit } from './cross-build/known-weaknesses.ts';

/** Of sysexits: a service that is not available is another end than something that was found. */
const exitCodes: Readonly<Record<Audit['is'], number>> = { clean: 0, found: 1, unanswered: 69 };

const { is, says } = await askForWeaknesses(join(import.meta.dirname, '..'));
console.error(`audit: ${says}`);
process.exitCode = exitCodes[is];
