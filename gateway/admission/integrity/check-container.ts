import { z } from 'zod';
import type { IntegrityRule } from '../language/grammar-integrity.ts';
import { sha256 } from '../source-tree.ts';
import type { SourceTree, Violation } from '../types.ts';
import { violation } from '../violation.ts';
import { hashEquals } from './file-list.ts';

type ContainerRule = NonNullable<IntegrityRule['container']>;

/** OCI Image Manifest and Image Configuration (OCI Image Format 1.1): the fields that a contract speaks about. */
const manifestDocument = z.looseObject({ config: z.looseObject({ digest: z.string() }) });
const configDocument = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
  config: z.looseObject({ User: z.string().optional() }).optional(),
});

/**
 * The image against its digest, platforms and user (PC-I106). The image manifest lies beside the plugin: as `image`,
 * `image.json`, or as the blobs of an OCI layout in `image/`. Digests are computed from the bytes; what a file says
 * about itself counts for nothing, and what cannot be seen does not satisfy.
 */
export function checkContainer(tree: SourceTree, rule: ContainerRule | undefined): readonly Violation[] {
  if (!rule) return [];
  const digest = rule.image.slice(rule.image.indexOf('@') + 1);
  const blobs = [...tree.files].filter(
    ([path]) => path === 'image' || path === 'image.json' || path.startsWith('image/blobs/sha256/'),
  );
  const manifest = blobs.find(([, content]) => hashEquals(digest, sha256(content)));
  if (!manifest) {
    const [first] = blobs;
    const observed = first ? `sha256:${sha256(first[1])}` : 'no image';
    return [violation('PC-I106', 'integrity.container.image', { expected: digest, observed })];
  }
  const named = parse(manifest[1], manifestDocument)?.config.digest;
  const config = named === undefined ? undefined : blobs.find(([, content]) => hashEquals(named, sha256(content)));
  return checkConfiguration(rule, config && parse(config[1], configDocument));
}

function checkConfiguration(
  rule: ContainerRule,
  config: z.output<typeof configDocument> | undefined,
): readonly Violation[] {
  const found: Violation[] = [];
  const platform = config && [config.os, config.architecture, config.variant].filter(Boolean).join('/');
  if (rule.platforms && !(platform !== undefined && rule.platforms.includes(platform))) {
    const expected = rule.platforms.join(' or ');
    found.push(violation('PC-I106', 'integrity.container.platforms', { expected, observed: platform ?? 'unknown' }));
  }
  const user = config?.config?.User?.split(':')[0] ?? '';
  if (rule.user === 'nonroot' && (user === '' || user === '0' || user === 'root')) {
    const observed = config ? user || 'root, because none is named' : 'unknown';
    found.push(violation('PC-I106', 'integrity.container.user', { expected: 'another user than root', observed }));
  }
  return found;
}

function parse<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
