import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sameBytes } from './artefacts.ts';
import { run } from './run.ts';
import type { Workplace } from './targets.ts';

const control = (version: string, arch: string, kibibytes: number): string => `Package: portcullis
Version: ${version}
Architecture: ${arch}
Maintainer: Portcullis <maintainers@portcullis.invalid>
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.34), libstdc++6, systemd (>= 247), udev, ca-certificates
Recommends: gpiod
Section: net
Priority: optional
Description: edge gateway for homes and buildings
 MQTT broker, durable buffer and plugins for the devices of a building, with
 delivery to a cloud and to Kafka. Nothing that was acknowledged is lost.
`;

/** Files of `systemd/`, and where package and image have them. */
export const packagedUnits: Readonly<Record<string, string>> = {
  'portcullis.service': 'usr/lib/systemd/system/portcullis.service',
  'portcullis-flows.service': 'usr/lib/systemd/system/portcullis-flows.service',
  'portcullis-flows.path': 'usr/lib/systemd/system/portcullis-flows.path',
  'portcullis.sysusers.conf': 'usr/lib/sysusers.d/portcullis.conf',
  'portcullis.tmpfiles.conf': 'usr/lib/tmpfiles.d/portcullis.conf',
  '60-portcullis.rules': 'usr/lib/udev/rules.d/60-portcullis.rules',
};
export const docPages = [
  'install.md',
  'configuration.md',
  'plugins.md',
  'contracts.md',
  'errors.md',
  'serial.md',
  'gpio.md',
  'flows.md',
];

/** The Debian package of the tree: `/usr/lib/portcullis`, units, a configuration that is never overwritten. Gives back its path. */
export async function packDeb({ root, out, tree, target, version, epoch, say }: Workplace): Promise<string> {
  const file = join(out, `portcullis_${version}_${target.debian}.deb`);
  say(`deb: ${basename(file)}`);
  const folder = `${tree}-deb`;
  rmSync(folder, { recursive: true, force: true });
  const put = (from: string, to: string): void =>
    cpSync(from, join(folder, to), { recursive: true, verbatimSymlinks: true });
  for (const part of ['bin', 'runtime', 'app']) put(join(tree, part), `usr/lib/portcullis/${part}`);
  for (const [from, to] of Object.entries(packagedUnits)) put(join(tree, 'systemd', from), to);
  for (const page of docPages) put(join(root, 'docs', page), `usr/share/doc/portcullis/${page}`);
  put(join(root, 'scripts/cross-build/debian/portcullis.yaml'), 'etc/portcullis/portcullis.yaml');
  mkdirSync(join(folder, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/portcullis/bin/portcullis', join(folder, 'usr/bin/portcullis'));
  await run('chmod', ['-R', 'u=rwX,go=rX', folder]);

  const [kibibytes = '0'] = (await run('du', ['-sk', '--apparent-size', folder])).split('\t');
  mkdirSync(join(folder, 'DEBIAN'), { mode: 0o755 });
  writeFileSync(join(folder, 'DEBIAN/control'), control(version, target.debian, Number(kibibytes)));
  writeFileSync(join(folder, 'DEBIAN/conffiles'), '/etc/portcullis/portcullis.yaml\n');
  for (const script of ['postinst', 'prerm', 'postrm']) {
    const path = join(folder, 'DEBIAN', script);
    writeFileSync(path, readFileSync(join(root, 'scripts/cross-build/debian', script)));
    chmodSync(path, 0o755);
  }
  await run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z6', '--build', folder, file], { env: sameBytes(epoch) });
  rmSync(folder, { recursive: true });
  return file;
}
