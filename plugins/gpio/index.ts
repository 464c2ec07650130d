import { definePlugin } from '../../contracts/index.ts';
import { commands } from './commands.ts';
import { config, type Config } from './config.ts';
import { decode } from './decode.ts';

/** Lines of the board: the gateway watches, counts and drives them; this says what is wired to them. */
export default definePlugin<Config>({
  name: 'gpio',
  apiVersion: 1,
  proto: 'gpio',
  topics: ({ lines }) => Object.keys(lines).flatMap((name) => [`gpio/${name}`, `gpio/${name}/availability`]),
  config,
  decode,
  commands,
});
