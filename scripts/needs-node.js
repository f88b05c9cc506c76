/** Loaded before every npm script. */
import module from 'node:module';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

// One line instead of a stack where npm might not install the Node that it should.
const NEEDED = 24;
const { node } = process.versions;
if (Number.parseInt(node) < NEEDED) {
  console.error(
    `this is Node ${node}, and Evenkeel needs Node ${NEEDED}: npm ci brings it, unless install scripts are off; then run npm rebuild node`,
  );
  process.exit(1);
}

// The same as local/platform/compile-cache.ts gives to the processes that it starts.
module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/evenkeel/compiled', import.meta.url)));
