/**
 * A stack in AWS: a one-off task of the image that runs there, in its network, with the operator's login, which nobody
 * here ever sees. The task's log brings the answer back. No bastion, no way in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { fromLines } from '../../app/ops/lines.ts';
import type { Outcome } from '../../app/ops/outcome.ts';
import { clientSettings, type Access, type AssumedRole } from '../../infra/aws/access.ts';
import { callerArn } from '../../infra/aws/caller.ts';
import { OPS_LABELS } from '../../infra/aws/ops-task.ts';
import { lastLogLines, runTask, type EndedTask, type RunTaskInputs } from '../../infra/aws/run-task.ts';
import { PlaceError, type Place } from './place.ts';

export interface InAws {
  /** What the stack's names begin with. */
  prefix: string;
  stack: string;
  /** Its file, and the configuration in it. */
  file: string;
  config: Readonly<Record<string, unknown>>;
  /** Pause between two looks, ms. */
  poll?: number;
  /** Another server than the stack's own, with the same logins: a copy of it. */
  copy?: { host: string; server: string };
}

/** Longest run of a verb, its start included, ms. */
const WITHIN = 5 * 60_000;
/** How long a log may take to be readable after its task has ended, ms. */
const LOGS_WITHIN = 60_000;
const CONTAINER = 'ops';

/** Region and roles as the deploy has them: `aws:…` of the stack's file, else of the shell. */
export function accessOf({ config, file, stack }: Pick<InAws, 'config' | 'file' | 'stack'>): Access {
  const region = (config['aws:region'] as string | undefined) ?? process.env['AWS_REGION'];
  if (!region) throw new PlaceError(`${file} has no aws:region: pulumi config set -s ${stack} aws:region <region>`);
  const profile = config['aws:profile'] as string | undefined;
  const assumeRoles = config['aws:assumeRoles'] as AssumedRole[] | undefined;
  return { region, ...(profile !== undefined && { profile }), ...(assumeRoles && { assumeRoles }) };
}

/** What AWS said, on one line and with what to do about it. */
export function explain(error: unknown, stack: string): PlaceError {
  const { name, message } = error as Error;
  if (/CredentialsProvider|Expired|InvalidClientToken|UnrecognizedClient|Signature/.test(`${name} ${message}`))
    return new PlaceError(`AWS does not know you (${message.split('\n')[0]}): sign in, or set AWS_PROFILE`);
  if (/AccessDenied/.test(name)) return new PlaceError(`AWS does not let you: ${message.split('\n')[0]}`);
  return new PlaceError(`stack ${stack}: AWS says: ${message.split('\n')[0]}`);
}

/** The newest definition of the task, and where it is to run. */
async function definition(access: Access, prefix: string, stack: string) {
  const { ECSClient, DescribeTaskDefinitionCommand } = await import('@aws-sdk/client-ecs');
  const ecs = new ECSClient(await clientSettings(access));
  try {
    const family = `${prefix}-${CONTAINER}`;
    const { taskDefinition } = await ecs
      .send(new DescribeTaskDefinitionCommand({ taskDefinition: family }))
      .catch((error: unknown) => {
        if (!/Unable to describe|not found/i.test((error as Error).message)) throw error;
        throw new PlaceError(
          `there is no task ${family} in ${access.region}: is ${stack} deployed there, by a release that has it? pulumi up -s ${stack}`,
        );
      });
    const container = taskDefinition?.containerDefinitions?.find(({ name }) => name === CONTAINER);
    const labels = container?.dockerLabels ?? {};
    const logGroup = container?.logConfiguration?.options?.['awslogs-group'];
    const [subnets, securityGroup] = [labels[OPS_LABELS.subnets], labels[OPS_LABELS.securityGroup]];
    if (!taskDefinition?.taskDefinitionArn || !logGroup || !subnets || !securityGroup)
      throw new PlaceError(`the task ${family} does not say where it is to run: pulumi up -s ${stack}`);
    return {
      taskDefinition: taskDefinition.taskDefinitionArn,
      subnets: subnets.split(','),
      securityGroups: [securityGroup],
      assignPublicIp: labels[OPS_LABELS.publicIp] === 'true',
      logGroup,
    };
  } finally {
    ecs.destroy();
  }
}

/** Everything that a task has written so far; nothing where its log is not there yet. */
async function logLines(logs: CloudWatchLogsClient, logGroup: string, taskArn: string): Promise<string[]> {
  const { GetLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const logStreamName = `task/${CONTAINER}/${taskArn.split('/').at(-1)}`;
  const lines: string[] = [];
  for (let nextToken: string | undefined; ;) {
    const page = await logs
      .send(new GetLogEventsCommand({ logGroupName: logGroup, logStreamName, startFromHead: true, nextToken }))
      .catch((error: unknown) => {
        if ((error as Error).name === 'ResourceNotFoundException') return undefined;
        throw error;
      });
    lines.push(...(page?.events ?? []).map(({ message }) => message ?? ''));
    if (!page?.nextForwardToken || page.nextForwardToken === nextToken) return lines;
    nextToken = page.nextForwardToken;
  }
}

/** What a task that gave no answer said last: the image's own line of a mistake, where it is one. */
function lastWords(lines: readonly string[], { reason, exitCode }: EndedTask): string {
  for (const line of lines.toReversed()) {
    try {
      const { msg, level, error } = JSON.parse(line) as { msg?: string; level?: string; error?: string };
      if (level === 'fatal' && msg) return error ? `${msg}: ${error}` : msg;
    } catch {
      // Not a line of ours.
    }
  }
  return `exit code ${exitCode ?? 'unknown'}${reason ? `; ${reason}` : ''}`;
}

async function answerOf(access: Access, logGroup: string, ended: EndedTask, within: number, poll: number) {
  const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
  const logs = new CloudWatchLogsClient(await clientSettings(access));
  try {
    for (const until = Date.now() + within; ; await sleep(poll)) {
      const lines = await logLines(logs, logGroup, ended.taskArn);
      const outcome = fromLines(lines);
      if (outcome) return outcome;
      // What exits with 2 was not understood, and what has no code never began: no answer is on its way.
      const hopeless = ended.exitCode === undefined || (ended.exitCode === 2 && lines.length > 0);
      if (hopeless || Date.now() > until)
        throw new PlaceError(`the task gave no answer (${lastWords(lines, ended)}): ${logGroup} ${ended.taskArn}`);
    }
  } finally {
    logs.destroy();
  }
}

/** Longest migration of a copy, ms. */
const MIGRATION_WITHIN = 30 * 60_000;

/**
 * Runs the migration of the release that is deployed against a copy of the database, where the stack's other one-off tasks
 * run.
 * @throws {PlaceError} with its last lines, where it did not succeed
 */
export async function migrationInAws(args: InAws, databaseHost: string): Promise<void> {
  const { prefix, stack, poll = 2_000 } = args;
  const access = accessOf(args);
  const { subnets, securityGroups, assignPublicIp } = await definition(access, prefix, stack);
  const inputs: RunTaskInputs = {
    ...access,
    subnets,
    securityGroups,
    assignPublicIp,
    cluster: prefix,
    taskDefinition: `${prefix}-migrate`,
    containerName: 'migrate',
    logGroup: `/evenkeel/${prefix}-migrate`,
    timeout: MIGRATION_WITHIN,
    poll,
    startedBy: 'restore-drill',
    command: ['migrate'],
    environment: { DATABASE_HOST: databaseHost },
  };
  const ended = await runTask(inputs);
  if (ended.exitCode === 0) return;
  const lines = await lastLogLines(inputs, ended.taskArn, 20);
  throw new PlaceError(`the migration of the copy failed (${lastWords(lines, ended)})`);
}

/** @throws {PlaceError} where AWS does not know us, or the stack */
export async function inAws(args: InAws): Promise<Place> {
  const { prefix, stack, poll = 2_000 } = args;
  const logsWithin = Number(process.env['OPS_LOGS_WITHIN'] ?? LOGS_WITHIN);
  const access = accessOf(args);
  const said = (error: unknown): never => {
    throw error instanceof PlaceError ? error : explain(error, stack);
  };
  const who = await callerArn(access).catch(said);
  const where = await definition(access, prefix, stack).catch(said);
  const inputs: RunTaskInputs = {
    ...access,
    ...where,
    cluster: prefix,
    containerName: CONTAINER,
    timeout: WITHIN,
    poll,
    // ECS takes letters, digits, - _ and / here.
    startedBy: `ops/${who.split('/').at(-1)!}`.replace(/[^A-Za-z0-9_/-]/g, '-').slice(0, 128),
    environment: {
      OPS_CALLER: who,
      ...(args.copy && { DATABASE_HOST: args.copy.host, DATABASE_SERVER: args.copy.server }),
    },
  };
  return {
    name: `${stack} in AWS`,
    patience: `Starting a task of ${stack} in ${access.region} as ${who}; about half a minute.`,
    async ask(words): Promise<Outcome> {
      const ended = await runTask({ ...inputs, command: [CONTAINER, ...words] }).catch(said);
      return answerOf(access, where.logGroup, ended, logsWithin, poll).catch(said);
    },
  };
}
