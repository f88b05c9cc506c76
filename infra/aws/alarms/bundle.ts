/** The code of a function: one file of what it imports, made when the program starts; the same sources give the same bytes. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import * as pulumi from '@pulumi/pulumi';

const ROOT = join(import.meta.dirname, '../../..');

/** The first line of every bundle: CommonJS modules inside it ask for `require`, which an ES module does not have. */
const BANNER =
  "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);";

/** Bundles `entry`, a path in the repository, to an ES module as text. */
export function bundle(entry: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: BANNER },
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

/** Made once in a process, which tests and `npm run cost` declare many stacks in: half a second of each. */
const made = new Map<string, string>();

function bundled(entry: string): string {
  const known = made.get(entry) ?? bundle(entry);
  made.set(entry, known);
  return known;
}

/** `index.mjs` from `entry`, and other files by name. */
export function functionCode(entry: string, files: Record<string, string> = {}): pulumi.asset.AssetArchive {
  const texts = { 'index.mjs': bundled(entry), ...files };
  const assets = Object.entries(texts).map(([file, text]) => [file, new pulumi.asset.StringAsset(text)] as const);
  return new pulumi.asset.AssetArchive(Object.fromEntries(assets));
}
