import type { FastifyInstance } from 'fastify';
import { PortcullisError } from '../../contracts/errors.ts';

/** Schemas and writers of JSON call themselves for each level: a body that nests deeper would end in their stack. */
const maxLevels = 64;

/** Reads bodies of JSON as fastify does, and refuses those that nest too deeply with INPUT_INVALID. */
export function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (!nestsDeeper(body)) return parse(request, body, done);
    const sentence = `The body nests deeper than ${maxLevels} levels.`;
    done(new PortcullisError('INPUT_INVALID', sentence), undefined);
  });
}

function nestsDeeper(text: string): boolean {
  let level = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isText && char === '\\') at += 1;
    else if (char === '"') isText = !isText;
    else if (!isText && (char === '[' || char === '{')) level += 1;
    else if (!isText && (char === ']' || char === '}')) level -= 1;
    if (level > maxLevels) return true;
  }
  return false;
}
