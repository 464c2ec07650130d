import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answersTo, type AnswerParts, type Answers } from './answers.ts';
import { sendAsset, type Asset } from './serve-asset.ts';
import { askingOf } from './serve-route.ts';

/** The console's document, into which home can be drawn as it is now. */
export interface HomeDocument extends Asset {
  /** Loaded with the first request. */
  readonly picture: () => Promise<Picture>;
}

export interface Picture {
  /** The call that says who asks. */
  readonly pathOfSession: string;
  /** The calls that home is made of. */
  readonly pathsOfHome: readonly string[];
  /** The whole document. */
  readonly draw: (answers: Answers) => string;
}

export interface DocumentParts extends AnswerParts {
  /** Told what went wrong inside. */
  readonly onFault: (error: unknown) => void;
}

/** For so long a browser waits for the picture; later than that the document comes without one, and the page asks. */
const drawnWithinMs = 1_000;
const pack = promisify(gzip);

/** Serves the document with home in it to whoever may see that, and without to everybody else. */
export function serveDocument(server: FastifyInstance, document: HomeDocument, parts: DocumentParts): void {
  server.get(document.path, async (request, reply) => {
    const drawing = drawnFor(request, document, parts).catch((error: unknown) => parts.onFault(error));
    const drawn = await Promise.race([drawing, sleep(drawnWithinMs, undefined, { ref: false })]);
    if (drawn === undefined) return sendAsset(request, reply, document);
    // It says how somebody's house is: no cache keeps it.
    void reply.header('cache-control', 'no-store').type(document.contentType);
    const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    return takesGzip ? reply.header('content-encoding', 'gzip').send(await pack(drawn)) : reply.send(drawn);
  });
}

async function drawnFor(
  request: FastifyRequest,
  { path, picture }: HomeDocument,
  parts: DocumentParts,
): Promise<string | undefined> {
  const caller = await parts.access.identify(askingOf(request, `GET ${path}`), true);
  if (caller.actor.kind === 'anonymous') return undefined;
  const { pathOfSession, pathsOfHome, draw } = await picture();
  const answers = await answersTo(caller, [pathOfSession, ...pathsOfHome], parts);
  return answers && draw(answers);
}
