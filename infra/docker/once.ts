/** A container that does one thing and ends: `up` waits for it, and fails with its last words when it fails. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { refusal } from '../refuse.ts';
import { container, sealed, type ContainerArgs } from './container.ts';

/** Lines of the log that stand in the error. */
const LAST_LINES = 20;

export interface OnceArgs extends ContainerArgs {
  /** What has failed when it fails, for the error: "The migration". */
  what: string;
}

/**
 * Runs the container and gives its id once it has ended well. Whatever must not start before uses the id.
 * @throws {pulumi.RunError} in the output, when it ends with another code than 0
 */
export function once(name: string, args: OnceArgs, options: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const ran = new docker.Container(
    name,
    {
      ...container(args),
      ...sealed,
      restart: 'no',
      // Not running is what is wanted of it; attached, so that its creation lasts until it has ended.
      mustRun: false,
      attach: true,
      logs: true,
    },
    options,
  );
  return pulumi.all([ran.id, ran.exitCode, ran.containerLogs]).apply(([id, code, logs]) => {
    if (code === 0) return id;
    const words = logs.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    throw refusal(`${args.what} failed with exit code ${code}; nothing after it was started:\n${words}`);
  });
}
