/**
 * Migrations as a step of the deploy: a one-off task of the new image that `up` runs and waits for, before any service
 * changes. When it fails, `up` fails with the last lines of its log, and the old tasks go on as they were.
 */
import * as pulumi from '@pulumi/pulumi';
import { codeChanged } from './code-changed.ts';
import type { InputsOf } from './inputs.ts';
import { lastLogLines, runTask, type RunTaskInputs } from './run-task.ts';

const LOG_LINES = 20;

export interface MigrateInputs extends RunTaskInputs {
  /** What the result depends on; the migration runs again when one of these changes. */
  triggers: Record<string, string>;
}

async function migrate(inputs: MigrateInputs): Promise<MigrateInputs & { taskArn: string }> {
  const ended = await runTask(inputs);
  if (ended.exitCode === 0) return { ...inputs, taskArn: ended.taskArn };
  const lines = await lastLogLines(inputs, ended.taskArn, LOG_LINES);
  const code = ended.exitCode === undefined ? 'without an exit code' : `with exit code ${ended.exitCode}`;
  throw new Error(
    `The migration ended ${code} (${ended.reason || 'no reason given'}); the old tasks go on unchanged. Last lines of ${inputs.logGroup}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  );
}

/** Exported for its tests; use {@link Migrate}. */
export const migrateProvider: pulumi.dynamic.ResourceProvider<MigrateInputs, MigrateInputs & { taskArn: string }> = {
  async create(inputs) {
    return { id: `${inputs.containerName}-${inputs.cluster.split('/').at(-1)}`, outs: await migrate(inputs) };
  },
  async update(_id, _olds, news) {
    return { outs: await migrate(news) };
  },
  async diff(_id, olds, news) {
    const text = (triggers: Record<string, string> = {}) => JSON.stringify(Object.entries(triggers).sort());
    return { changes: text(olds.triggers) !== text(news.triggers) || codeChanged(olds, news) };
  },
};

export type MigrateArgs = InputsOf<MigrateInputs>;

export class Migrate extends pulumi.dynamic.Resource {
  declare readonly taskArn: pulumi.Output<string>;

  constructor(name: string, args: MigrateArgs, options?: pulumi.CustomResourceOptions) {
    super(migrateProvider, name, { taskArn: undefined, ...args }, options, 'evenkeel', 'Migrate');
  }
}
