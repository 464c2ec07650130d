import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Admitted } from './connection-limits.ts';

/** Asked for every socket before a byte of it is read; nothing when it must be closed at once. */
export type Admit = (address: string, destroy: () => void) => Admitted | undefined;

/** Called for every byte stream that may speak MQTT, with the address of the other side. */
export type OnStream = (stream: Duplex, address: string, admitted: Admitted) => void;

interface Inside {
  readonly socket: Socket;
  readonly admitted: Admitted;
}

/**
 * The sockets of all listeners. They are admitted below TLS and HTTP, so that a handshake that does not come to its end
 * counts, and is ended, like a CONNECT that does not come.
 */
export class Entrance {
  readonly #admit: Admit;
  readonly #onStream: OnStream;
  readonly #inside = new Map<string, Inside>();

  constructor(admit: Admit, onStream: OnStream) {
    this.#admit = admit;
    this.#onStream = onStream;
  }

  /** Takes a new socket in, or closes it. */
  readonly enter = (socket: Socket): void => {
    const admitted = this.#admit(socket.remoteAddress ?? '', () => socket.destroy());
    if (admitted === undefined) {
      socket.destroy();
      return;
    }
    const ends = endsOf(socket);
    this.#inside.set(ends, { socket, admitted });
    socket.once('close', () => {
      if (this.#inside.get(ends)?.socket === socket) this.#inside.delete(ends);
      admitted.left();
    });
  };

  /** Passes on what is spoken on a socket; `socket` may be what TLS put over the one that entered. */
  speak(socket: Socket, stream: Duplex): void {
    const inside = this.#inside.get(endsOf(socket));
    if (inside === undefined) stream.destroy();
    else this.#onStream(stream, socket.remoteAddress ?? '', inside.admitted);
  }

  closeAll(): void {
    for (const { socket } of this.#inside.values()) socket.destroy();
  }
}

/** What a socket and the TLS over it have in common. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
