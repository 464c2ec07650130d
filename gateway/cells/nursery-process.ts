// Starts the processes of cells on behalf of the gateway, which is too large to be forked while clients wait.
import { startShell, type Shell, type ShellOrder } from './shell.ts';

/** From the gateway. */
export type NurseryOrder =
  | ({ readonly is: 'start'; readonly id: number } & ShellOrder)
  | { readonly is: 'kill'; readonly id: number };

/** To the gateway; `started` comes with the socket. */
export type NurseryNews =
  | { readonly is: 'started'; readonly id: number; readonly pid: number | undefined }
  | { readonly is: 'ended'; readonly id: number; readonly how: string };

const shells = new Map<number, Shell>();
const tell = (news: NurseryNews, socket?: Shell['socket']): void => void process.send?.(news, socket);

process.on('message', (order: NurseryOrder) => {
  if (order.is === 'kill') return shells.get(order.id)?.kill();
  const { id } = order;
  const shell = startShell(order);
  shells.set(id, shell);
  // It is the gateway's from now on; here it is only closed.
  shell.socket.on('error', () => undefined);
  tell({ is: 'started', id, pid: shell.pid }, shell.socket);
  void shell.ended.then((how) => {
    shells.delete(id);
    tell({ is: 'ended', id, how });
  });
});
// The gateway decides when its cells end; without it they end with this process.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => {
  for (const shell of shells.values()) shell.kill();
  process.exit(0);
});
// Its other end is closed with the gateway however that ends, also where the channel did not tell.
process.stdin.on('close', () => process.emit('disconnect')).resume();
