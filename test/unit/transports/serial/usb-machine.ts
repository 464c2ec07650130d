import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Plugged {
  readonly tty: string;
  readonly usb: string;
  readonly serial?: string;
  readonly interface?: string;
  /** Where bytes really go: the end of a pseudo terminal. */
  readonly line?: string;
}

/** A copy of the folders that the kernel shows for USB serial adapters of FTDI make. */
export function machine(t: TestContext, plugged: readonly Plugged[]) {
  const root = mkdtempSync(join(tmpdir(), 'portcullis-usb-'));
  t.after(() => rmSync(root, { recursive: true }));
  const [ttys, dev] = [join(root, 'sys/class/tty'), join(root, 'dev')];
  for (const folder of [ttys, join(dev, 'serial/by-id')]) mkdirSync(folder, { recursive: true });
  mkdirSync(join(ttys, 'tty1'));
  for (const { tty, usb, serial, interface: number = '00', line } of plugged) {
    const device = join(root, 'sys/devices', usb);
    const port = join(device, `${usb}:1.${number}`, tty);
    mkdirSync(port, { recursive: true });
    writeFileSync(join(device, 'idVendor'), '0403\n');
    writeFileSync(join(device, 'idProduct'), '6001\n');
    if (serial !== undefined) writeFileSync(join(device, 'serial'), `${serial}\n`);
    writeFileSync(join(port, '../bInterfaceNumber'), `${number}\n`);
    mkdirSync(join(ttys, tty));
    symlinkSync(port, join(ttys, tty, 'device'));
    if (line !== undefined) symlinkSync(line, join(dev, tty));
    symlinkSync(`../../${tty}`, join(dev, `serial/by-id/usb-FTDI_${serial ?? 'none'}-if${number}-port0`));
  }
  return { ttys, dev };
}
