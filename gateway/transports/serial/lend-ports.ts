import { PortcullisError } from '../../../contracts/errors.ts';
import type { SerialPorts } from '../../../contracts/handles.ts';
import { openLoans } from '../../lib/loans.ts';
import type { Adapter } from './adapters.ts';
import { openDevice } from './device.ts';

/**
 * The adapters that the gateway does not use itself, for the broker of handles. An identity is the name in
 * `/dev/serial/by-id` where udev makes one, else made of the same numbers. `isOwn` tells the ports of the configuration.
 */
export function lendPorts(list: () => Promise<readonly Adapter[]>, isOwn: (adapter: Adapter) => boolean): SerialPorts {
  const lent = openLoans();
  return {
    async list() {
      const adapters = await list();
      return adapters.map((adapter) => ({
        identity: lentIdentity(adapter),
        path: adapter.path,
        vid: adapter.vendor,
        pid: adapter.product,
      }));
    },
    async open(identity, settings, events) {
      const adapter = (await list()).find((one) => lentIdentity(one) === identity);
      if (adapter === undefined) {
        throw new PortcullisError('FILE_UNREADABLE', `The serial adapter ${identity} is not plugged in.`);
      }
      if (lent.has(identity) || isOwn(adapter)) {
        throw new PortcullisError('NOT_ALLOWED', `The serial adapter ${identity} is in use.`);
      }
      return lent.lend(identity, events.onClosed, async (onClosed) => {
        const device = await openDevice(adapter.path, settings, { onData: events.onData, onClosed });
        return {
          write: (bytes: Uint8Array) => device.write(bytes),
          [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
        };
      });
    },
  };
}

function lentIdentity({ byId, vendor, product, serial, interface: usbInterface }: Adapter): string {
  return byId ?? ['usb', vendor, product, serial, usbInterface && `if${usbInterface}`].filter(Boolean).join('-');
}
