import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import { requireFolder } from './folder.ts';

interface Options {
  readonly root: string;
  readonly keys: string;
  readonly url: string;
  readonly anyVersion?: boolean;
  readonly readySeconds: string;
  readonly stableSeconds: string;
}

/** `portcullis update`: another release for a board that was flashed with the image. Runs as root. */
export function updateCommand(): Command {
  const update = new Command('update').description(
    'Change the release of a board with the image: verified first, and taken back when it is not well.',
  );
  withPlaces(update.command('apply <folder>'))
    .description(
      'Install the release of a folder (SHA256SUMS, SHA256SUMS.sig, tarball), try it, keep it or take it back.',
    )
    .option('--any-version', 'also an older one')
    .action(async (folder: string, options: Options) => {
      const { slots, machine, stage } = await open(options);
      const version = await stage(slots, machine, { ...options, folder });
      console.log(`${version} is verified and installed; it starts now.`);
      await machine.restart();
      await decide(options);
    });
  withPlaces(update.command('wanted <folder>'))
    .description('Do what was asked for on the page; the unit portcullis-update runs this.')
    .action(async (folder: string, options: Options) => {
      const [{ slots, machine }, { noteEnd, takeWanted }] = await Promise.all([
        open(options),
        import('../update/wanted.ts'),
      ]);
      const note = (said: string): Promise<void> => (console.log(said), noteEnd(options.root, Date.now(), said));
      try {
        const version = await takeWanted(folder, { ...options, slots, machine });
        if (version === undefined) return;
        console.log(`${version} is installed; it starts now.`);
        await machine.restart();
        await decide(options, note);
      } catch (error) {
        if (error instanceof PortcullisError) await note(error.message);
        throw error;
      }
    });
  withPlaces(update.command('judge'))
    .description('Decide about a release on trial; the boot does this after a power cut.')
    .action((options: Options) => decide(options));
  return update;
}

function withPlaces(command: Command): Command {
  return command
    .option('--root <dir>', 'folder of the releases', '/opt/portcullis')
    .option('--keys <dir>', 'public keys (PEM) that may sign a release', '/etc/portcullis/release-keys')
    .option('--url <url>', 'where the gateway answers', 'http://127.0.0.1:8080')
    .option('--ready-seconds <n>', 'how long it may take to be ready', '180')
    .option('--stable-seconds <n>', 'how long it must then stay ready', '20');
}

async function open({ root, url, readySeconds, stableSeconds }: Options) {
  const [{ Slots }, { systemdMachine }, { judge, stage }] = await Promise.all([
    import('../update/slots.ts'),
    import('../update/machine.ts'),
    import('../update/update.ts'),
  ]);
  const patience = { readyMs: Number(readySeconds) * 1_000, stableMs: Number(stableSeconds) * 1_000 };
  if (!(patience.readyMs > 0 && patience.stableMs > 0))
    throw new PortcullisError('USAGE', '--ready-seconds and --stable-seconds are numbers above 0.');
  await requireFolder(root);
  return { slots: new Slots(root), machine: systemdMachine(url, patience), judge, stage };
}

async function decide(options: Options, note?: (said: string) => Promise<void>): Promise<void> {
  const { slots, machine, judge } = await open(options);
  let said = '';
  const verdict = await judge(slots, machine, (sentence) => {
    said = sentence;
    if (note === undefined) console.log(sentence);
  });
  await note?.(said);
  if (verdict === 'rolled back') process.exitCode = 1;
}
