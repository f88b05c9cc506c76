// What Pulumi's runner loads. It puts a compiler of its own before every `.ts` that is required, whatever the pack's
// options say, and that compiler refuses imports with `.ts`. From an ES module in JavaScript, Node itself loads them.
import './index.ts';
