import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** A file of the console, ready to be sent, with its packed forms where it has them. */
export interface Asset {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly gzip?: Buffer;
  readonly brotli?: Buffer;
  /** With its quotes. */
  readonly etag: string;
  /** Never changes under this path. */
  readonly isImmutable: boolean;
}

export function serveAsset(server: FastifyInstance, asset: Asset): void {
  server.get(asset.path, (request, reply) => sendAsset(request, reply, asset));
}

/** Sends a file in the smallest form that the browser takes; those that may change are asked for each time, and seldom sent. */
export function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  void reply
    .header('cache-control', asset.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    .header('vary', 'accept-encoding')
    .header('etag', asset.etag);
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
  return sendPacked(request, reply.type(asset.contentType), asset);
}

function sendPacked(request: FastifyRequest, reply: FastifyReply, { body, gzip, brotli }: Asset): FastifyReply {
  const taken = request.headers['accept-encoding'] ?? '';
  if (brotli && /\bbr\b/.test(taken)) return reply.header('content-encoding', 'br').send(brotli);
  if (gzip && /\bgzip\b/.test(taken)) return reply.header('content-encoding', 'gzip').send(gzip);
  return reply.send(body);
}
