import { once } from 'node:events';
import { createServer } from 'node:net';
import { PortcullisError } from '../../contracts/errors.ts';

export interface WantedPort {
  readonly port: number;
  /** What it is for, and the flag that changes it. */
  readonly use: string;
  readonly flag: string;
}

/** Takes and gives back every port, so that a taken one is known before anything has started. Throws PORT_TAKEN. */
export async function requireFreePorts(wanted: readonly WantedPort[], host: string): Promise<void> {
  for (const { port, use, flag } of wanted) {
    const twin = wanted.find((other) => other.port === port && other.flag !== flag);
    if (twin) throw new PortcullisError('USAGE', `${flag} and ${twin.flag} both say ${port}: give each its own port.`);
    const server = createServer().listen(port, host);
    try {
      await once(server, 'listening');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code ?? 'unknown'})`;
      const sentence = `Port ${port} (${use}) ${why}. Stop that program, or choose another port with ${flag}.`;
      throw new PortcullisError('PORT_TAKEN', sentence, { cause });
    }
    server.close();
    await once(server, 'close');
  }
}
