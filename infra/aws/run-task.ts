/**
 * Runs one Fargate task to its end. Used inside a dynamic resource: the AWS library is loaded where it is used, because
 * what a dynamic resource captures is written into the state.
 */
import { clientSettings, type Access } from './access.ts';

export interface RunTaskInputs extends Access {
  cluster: string;
  taskDefinition: string;
  containerName: string;
  subnets: string[];
  securityGroups: string[];
  assignPublicIp: boolean;
  logGroup: string;
  /** Longest run, ms; the task is stopped after it. */
  timeout: number;
  /** Pause between two looks, ms. */
  poll: number;
  /** Who starts it, for those who look at the cluster. Default: the deploy. */
  startedBy?: string;
  /** Words behind the image's entry point, and environment beside the definition's. Default: as it is defined. */
  command?: string[];
  environment?: Record<string, string>;
}

export interface EndedTask {
  taskArn: string;
  exitCode: number | undefined;
  /** Why ECS says that it ended. */
  reason: string;
}

/**
 * Starts the task and waits for its end.
 * @throws when ECS does not start it, or when it does not end within `timeout`
 */
export async function runTask(inputs: RunTaskInputs): Promise<EndedTask> {
  const { ECSClient, RunTaskCommand, DescribeTasksCommand, StopTaskCommand } = await import('@aws-sdk/client-ecs');
  const ecs = new ECSClient(await clientSettings(inputs));
  const { cluster } = inputs;
  try {
    const started = await ecs.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: inputs.taskDefinition,
        launchType: 'FARGATE',
        startedBy: inputs.startedBy ?? 'pulumi-up',
        // A request that is repeated, because its answer was lost, starts no second task.
        clientToken: crypto.randomUUID(),
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: inputs.subnets,
            securityGroups: inputs.securityGroups,
            assignPublicIp: inputs.assignPublicIp ? 'ENABLED' : 'DISABLED',
          },
        },
        ...(inputs.command && {
          overrides: {
            containerOverrides: [
              {
                name: inputs.containerName,
                command: inputs.command,
                environment: Object.entries(inputs.environment ?? {}).map(([name, value]) => ({ name, value })),
              },
            ],
          },
        }),
      }),
    );
    const taskArn = started.tasks?.[0]?.taskArn;
    if (!taskArn) {
      const why = (started.failures ?? []).map(({ reason, detail }) => [reason, detail].filter(Boolean).join(' '));
      throw new Error(`ECS did not start the ${inputs.containerName} task: ${why.join('; ') || 'no reason given'}`);
    }
    const deadline = Date.now() + inputs.timeout;
    while (Date.now() < deadline) {
      const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [taskArn] }));
      const task = tasks?.[0];
      if (task?.lastStatus === 'STOPPED') {
        const container = task.containers?.find(({ name }) => name === inputs.containerName);
        const reason = [task.stoppedReason, container?.reason].filter(Boolean).join('; ');
        return { taskArn, exitCode: container?.exitCode, reason };
      }
      await new Promise((resolve) => setTimeout(resolve, inputs.poll));
    }
    await ecs.send(
      new StopTaskCommand({ cluster, task: taskArn, reason: `${inputs.startedBy ?? 'pulumi up'} waited long enough` }),
    );
    return {
      taskArn,
      exitCode: undefined,
      reason: `still running after ${Math.round(inputs.timeout / 1000)}s, and stopped`,
    };
  } finally {
    ecs.destroy();
  }
}

/** The last lines that a task wrote to its log; one line that says so where they cannot be read. */
export async function lastLogLines(inputs: RunTaskInputs, taskArn: string, lines: number): Promise<string[]> {
  const { CloudWatchLogsClient, GetLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const logs = new CloudWatchLogsClient(await clientSettings(inputs));
  const logStreamName = `task/${inputs.containerName}/${taskArn.split('/').at(-1)}`;
  try {
    const { events = [] } = await logs.send(
      new GetLogEventsCommand({ logGroupName: inputs.logGroup, logStreamName, limit: lines, startFromHead: false }),
    );
    return events.map(({ message }) => (message ?? '').trimEnd()).slice(-lines);
  } catch (error) {
    return [`(no log: ${inputs.logGroup} ${logStreamName}: ${(error as Error).message})`];
  } finally {
    logs.destroy();
  }
}
