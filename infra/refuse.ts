/** How every part of the programs says no: one line for each thing that is wrong, at once, and without a stack trace. */
import * as pulumi from '@pulumi/pulumi';

/**
 * The error for what cannot be deployed; Pulumi prints its message alone.
 *
 * It has no stack. Pulumi inspects every error that ends a program, with colours, and Node then looks for package names
 * in each line of the stack: the paths of Pulumi's own source maps make it search for ten seconds and gigabytes
 * (measured), for a text that nobody is shown.
 */
export function refusal(...problems: readonly string[]): pulumi.RunError {
  const error = new pulumi.RunError(problems.join('\n'));
  delete error.stack;
  return error;
}

/** Thrown for a configuration that cannot be deployed. */
export const refuse = (problems: readonly string[]): never => {
  throw refusal(...problems);
};
