import type { GpioLines, SerialPorts } from '../../../contracts/handles.ts';
import type { Ask } from './ask.ts';
import { grantsLine, grantsSerial, type HandleGrants, type SerialGrant } from './grants.ts';
import { handleLimits as limits } from './handle-limits.ts';
import type { LentDesk } from './lent-desk.ts';
import { done, refused, type Told } from './told.ts';

const notGranted = refused('PC-R207', 'the contract does not name this device');
const unknown = refused('PC-R210', 'there is no such handle');

/** Serial ports that a contract names by USB ids or path, at the speeds that it names. */
export function serialHandle(grants: readonly SerialGrant[], ports: SerialPorts, desk: LentDesk) {
  return {
    async list(): Promise<Told> {
      const found = await ports.list();
      return done({ ports: found.filter((port) => grantsSerial(grants, port)) });
    },
    async open({ identity, settings }: Ask<'serial-open'>): Promise<Told> {
      const facts = (await ports.list()).find((port) => port.identity === identity);
      if (facts === undefined || !grantsSerial(grants, facts, settings.baudRate)) return notGranted;
      return desk.lend('serial', async (say) => {
        const serial = await ports.open(identity, settings, {
          onData: (bytes) => say({ data: Buffer.from(bytes).toString('base64') }),
          onClosed: () => say({ closed: true }),
        });
        return { end: serial, serial };
      });
    },
    async write({ stream, payload }: Ask<'serial-write'>): Promise<Told> {
      const serial = desk.find(stream)?.serial;
      if (serial === undefined) return unknown;
      if (payload.length > limits.payloadBytes) return refused('PC-R209', 'too many bytes at once');
      await serial.write(payload);
      return done();
    },
  };
}

/** Lines of a chip that a contract names, in the direction that it names. */
export function gpioHandle({ gpio, trust }: Pick<HandleGrants, 'gpio' | 'trust'>, lines: GpioLines, desk: LentDesk) {
  return {
    async open({ chip, line, direction }: Ask<'gpio-open'>): Promise<Told> {
      if (!grantsLine(gpio, { chip, line }, direction)) return notGranted;
      if (trust === 'limited' && direction === 'out') return refused('PC-R207', 'its trust is limited to telemetry');
      return desk.lend('gpio', async (say) => {
        const lent = await lines.open({ chip, line }, direction, {
          onData: (level) => say({ level }),
          onClosed: () => say({ closed: true }),
        });
        return { end: lent, line: lent };
      });
    },
    async read({ stream }: Ask<'gpio-read'>): Promise<Told> {
      const line = desk.find(stream)?.line;
      return line === undefined ? unknown : done({ level: await line.read() });
    },
    async write({ stream, level }: Ask<'gpio-write'>): Promise<Told> {
      const line = desk.find(stream)?.line;
      if (line === undefined) return unknown;
      await line.write(level);
      return done();
    },
  };
}
