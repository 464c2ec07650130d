import { createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ensurePrograms } from '../debian-packages.mjs';
import { packTarball, writeSbom, writeSums } from './artefacts.ts';
import { packDeb } from './deb.ts';
import { askForWeaknesses } from './known-weaknesses.ts';
import { emulationTools, installInto, makeRoot, registerEmulator } from './emulated-root.ts';
import { installModules } from './modules.ts';
import { buildImage, imageTools } from './image/image.ts';
import { run } from './run.ts';
import { smokeTest, useNativeModules } from './smoke.ts';
import { targets, workplace, type Target } from './targets.ts';
import { layOut } from './tree.ts';

interface Options {
  readonly arch: Target['arch'];
  readonly out?: string;
  readonly key?: string;
  readonly smoke: boolean;
  readonly image: boolean;
  readonly url?: string;
  readonly updates: boolean;
}

const root = join(import.meta.dirname, '../..');

/** Says each step with the seconds since the start. */
function progress(): (sentence: string) => void {
  const start = performance.now();
  return (sentence) =>
    console.error(`cross-build ${((performance.now() - start) / 1_000).toFixed(0).padStart(4)} s  ${sentence}`);
}

/** The public key (PEM) of a private one in a file. */
const publicPart = (file: string | undefined): string | undefined =>
  file && createPublicKey(readFileSync(file)).export({ type: 'spki', format: 'pem' }).toString();

const toolsFor = ({ compilerPackage, triplet, node }: Target): Record<string, string> => ({
  [`${triplet}-g++`]: compilerPackage,
  'dpkg-deb': 'dpkg',
  xz: 'xz-utils',
  make: 'make',
  python3: 'python3',
  ...('debianSuite' in node && { patchelf: 'patchelf', ...emulationTools }),
});

async function crossBuild({ arch, out, key, smoke, image, url, updates }: Options): Promise<void> {
  const target = targets[arch];
  const say = progress();
  const missing = ensurePrograms({ ...toolsFor(target), ...(smoke && emulationTools), ...(image && imageTools) }, say);
  if (missing !== undefined) {
    throw new Error(`${missing.programs.join(', ')} must be installed. Run "sudo ${missing.command}" and try again.`);
  }
  if (smoke && process.getuid?.() !== 0)
    throw new Error('The smoke test needs root (chroot); without it give --no-smoke.');

  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const epoch = Number(await run('git', ['log', '-1', '--format=%ct'], { cwd: root }));
  const place = workplace(resolve(out ?? join('release', arch)), { target, root, version, epoch, say });
  mkdirSync(place.out, { recursive: true });
  await installModules(place);
  await layOut(place);
  if (smoke) {
    say(`smoke test under qemu-${target.emulator.name}`);
    await registerEmulator(target, join(place.out, 'work'));
    const guest = await makeRoot(target, join(place.out, 'work', `root-${arch}-${target.suite}`));
    await installInto(guest, place.tree);
    say(await useNativeModules(guest));
    say(`${await smokeTest(guest)} messages went from a device to the cloud`);
    say('contract check of what ships, for the target');
    await run(process.execPath, [join(root, 'dist/gateway/cli.js'), 'contract', 'check', '--image', guest]);
  }
  const files = [await writeSbom(place), await packTarball(place), await packDeb(place)];
  if (image) files.push(await buildImage(place, { releaseKey: publicPart(key), url, updates }));
  writeSums(place, files, key);
  // What is signed is meant to be published.
  if (key !== undefined) say((await askForWeaknesses(root)).says);
  say(`done: ${place.out}`);
}

await new Command('cross-build')
  .description(
    'Build release tarball and Debian package for a board on this x64 machine, and try them under emulation.',
  )
  .addOption(new Option('--arch <arch>', 'board to build for').choices(Object.keys(targets)).default('arm64'))
  .option('--out <dir>', 'where to put them (default: release/ARCH); what was done there already is taken over')
  .option('--key <file>', 'Ed25519 private key (PEM) that signs SHA256SUMS')
  .option('--image', 'the image of an SD card as well', false)
  .option('--url <folder>', 'where the image will lie on a web server, for the list that Raspberry Pi Imager reads')
  .option('--no-updates', "the image from Debian as released, when the mirror's updates are out of step")
  .option('--no-smoke', 'do not run the result under emulation (it then does not count as built)')
  .action(crossBuild)
  .parseAsync()
  .catch((error: Error) => {
    console.error(`cross-build: ${error.message}`);
    process.exitCode = 1;
  });
