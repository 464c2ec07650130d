/** A folder of the gateway that its cells have no business in, and the one folder below it that they read. Both as realpath gives them. */
export interface Hidden {
  readonly folder: string;
  readonly but: string;
}

/**
 * Run in a mount namespace of its own, before privileges are dropped: an empty, read-only folder in the place of the
 * hidden one, with what is left visible in it, and a /proc that shows the cell's own processes and nobody else's. The old
 * folder is reached by the working directory once it is covered: `mount -c` takes the dot as it is (mount(8)).
 */
const script = `set -e; umask 022
if [ -n "$1" ]; then
  cd "$2"
  mount -n -t tmpfs -o size=64k,mode=755 none "$1"
  mkdir -p "$2"
  mount -n -c --bind . "$2"
  mount -n -o remount,bind,ro "$2"
  mount -n -o remount,bind,ro "$1"
  cd /
fi
mount -n -t proc none /proc
shift 2
exec "$@"`;

/** Programs in front of what runs with that view; they need the right to mount. */
export function hidingCommand(hidden: Hidden | undefined): readonly string[] {
  return ['/bin/sh', '-c', script, 'sh', hidden?.folder ?? '', hidden?.but ?? ''];
}
