import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Command } from 'commander';
import { commands } from '../../../gateway/cli/commands.ts';

const page = readFileSync('docs/incidents.md', 'utf8');

/** The command that some words lead to, and the words that are left. */
function ledTo(command: Command, [word = '', ...rest]: readonly string[]): [Command, readonly string[]] {
  const nested = command.commands.find((one) => one.name() === word);
  return nested === undefined ? [command, [word, ...rest]] : ledTo(nested, rest);
}

test('each command of the runbook is one of the command line, with options and arguments that it has', async () => {
  const lines = [...page.matchAll(/^portcullis (.+)$|`portcullis ([^`]+)`/gm)].map(
    ([, line, inline]) => line ?? inline ?? '',
  );
  const named = lines.filter((line) => line !== '--version');
  assert.ok(named.length > 12);
  for (const line of named) {
    const [name = '', ...words] = line.split(' ');
    const make = commands.get(name) ?? assert.fail(line);
    const [command, given] = ledTo(await make(), words);
    for (const option of given.filter((word) => word.startsWith('--')))
      assert.ok(
        command.options.some(({ long }) => long === option),
        line,
      );
    const needed = command.registeredArguments.filter(({ required }) => required).length;
    const taken = given.findIndex((word) => word.startsWith('--'));
    assert.ok((taken < 0 ? given.length : taken) >= needed, line);
  }
});

test('each path of the API in the runbook is one that the gateway serves', () => {
  const served = globSync('gateway/api/*-routes.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const paths = new Set([...page.matchAll(/:8080(\/api\/v1\/[\w/]+)/g)].map(([, path = '']) => path));
  assert.ok(paths.size >= 5);
  for (const path of paths) assert.ok(served.includes(`'${path}'`), path);
});
