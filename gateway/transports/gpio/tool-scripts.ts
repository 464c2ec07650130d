/**
 * What the children of `tools-way.ts` run. A tool holds a line as long as it lives, and knows nothing of who started it;
 * a shell ties it to the gateway by a pipe. The pipe ends with the gateway, also when it is killed. Nothing else ends them: a
 * service manager sends SIGTERM to all processes at once, and a line must not be lost before the gateway gave it up.
 */

/**
 * Prints the level, then each edge. Arguments: chip, line, bias or nothing, debounce period or nothing. A change in the few
 * milliseconds between the two tools shows with the next edge.
 */
export const watchScript = `
chip=$1 line=$2 bias=\${3:+--bias=$3} debounce=\${4:+--debounce-period=$4}
trap '' TERM INT HUP
gpioget --numeric $bias --chip "$chip" "$line" || exit 1
exec 3<&0
{ while read -r _ <&3; do :; done; kill -9 $$; } >/dev/null 2>&1 &
exec gpiomon --banner --consumer portcullis --edges both --format %E $bias $debounce --chip "$chip" "$line" 3<&-
`;

/**
 * Sets the line to each level that it reads. Arguments: chip, line, safe level or nothing. Debian builds gpioset without its
 * interactive mode, so each level is a new gpioset, and the line is nobody's for the moment between.
 */
export const driveScript = `
chip=$1 line=$2 safe=$3 held=
trap '' TERM INT HUP
drop() { [ -z "$held" ] || { kill -9 "$held"; wait "$held"; } 2>/dev/null; }
while read -r level; do
  drop
  gpioset --banner --consumer portcullis --chip "$chip" "$line=$level" &
  held=$!
done
drop
[ -z "$safe" ] || exec gpioset --toggle 0 --consumer portcullis --chip "$chip" "$line=$safe"
`;
