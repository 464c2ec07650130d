import type { FastifyInstance } from 'fastify';
import type { Clock } from '../lib/clock.ts';

const yearMs = 365 * 86_400_000;

/** Serves `security.txt` (RFC 9116): whom to tell of a weakness, for a year from when it is asked for. */
export function serveSecurityText(server: FastifyInstance, contact: string, clock: Pick<Clock, 'wallMs'>): void {
  server.get('/.well-known/security.txt', async (_request, reply) => {
    const expires = new Date(clock.wallMs() + yearMs).toISOString();
    return reply.type('text/plain; charset=utf-8').send(`Contact: ${contact}\nExpires: ${expires}\n`);
  });
}
