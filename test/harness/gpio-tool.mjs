// Stands for one of libgpiod's tools: asks the chip in the test's process, says what it answers, and holds a line as long
// as it lives. Arguments: the chip's socket, the tool's name, the tool's own arguments.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [socketPath, tool, ...args] = process.argv.slice(2);
const socket = connect(socketPath);
process.exitCode = 9;
socket.on('error', () => undefined);
process.stdout.on('error', () => socket.destroy());
socket.write(`${JSON.stringify({ tool, args })}\n`);
createInterface(socket).on('line', (row) => {
  const { out, err, exit } = JSON.parse(row);
  if (out !== undefined) process.stdout.write(out);
  if (err !== undefined) process.stderr.write(err);
  if (exit === undefined) return;
  process.exitCode = exit;
  socket.destroy();
});
