import { command, localId, outbound, PortcullisError, switchArgs, type CodecContext } from '../../contracts/index.ts';
import type { Config } from './config.ts';

export const commands = {
  switch: command({
    args: switchArgs().omit({ ep: true }),
    idempotent: true,
    encode({ device, args: { on } }, { config }: CodecContext<Config>) {
      const name = localId(device);
      const meaning = Object.hasOwn(config.lines, name) ? config.lines[name] : undefined;
      if (meaning?.is !== 'switch') throw new PortcullisError('COMMAND_INVALID', `The line ${name} is no switch.`);
      return [outbound(`gpio/${name}/set`, on ? 'on' : 'off')];
    },
  }),
};
