/** Loaded before every npm script: one line instead of a stack where npm might not install the Node that it should. */
import process from 'node:process';

const NEEDED = 24;
const { node } = process.versions;
if (Number.parseInt(node) < NEEDED) {
  console.error(
    `this is Node ${node}, and Evenkeel needs Node ${NEEDED}: npm ci brings it, unless install scripts are off; then run npm rebuild node`,
  );
  process.exit(1);
}
