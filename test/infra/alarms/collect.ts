/** Runs createAlarms without the engine and collects what it declares; tests read when all is registered. */
import * as pulumi from '@pulumi/pulumi';
import { createAlarms, createSentinel, type Alarms, type AlarmsArgs } from '../../../infra/aws/alarms/index.ts';
import { resolve } from '../../../posture/resolve.ts';

export const NAME = 'evenkeel-prod';
const ARN = 'arn:aws:mock:eu-central-1:123456789012';

export interface Collected {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

export interface Run {
  resources: Collected[];
  alarms: Alarms;
}

export async function collect(values: unknown, over: Partial<AlarmsArgs> = {}, preview = false): Promise<Run> {
  const resources: Collected[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        resources.push({ type, name, inputs: inputs as Record<string, unknown> });
        const state = { ...(inputs as object), arn: `${ARN}:${type.split(':')[2]}/${name}` };
        return preview ? { id: undefined, state: inputs as object } : { id: `${name}-id`, state };
      },
      call: ({ token }) => {
        throw new Error(`no answer for ${token}`);
      },
    },
    'evenkeel',
    'prod',
    preview,
  );
  let alarms: Alarms | undefined;
  let error: unknown;
  await pulumi.runtime.runInPulumiStack(async () => {
    try {
      const args: AlarmsArgs = {
        posture: resolve(values),
        region: 'eu-central-1',
        accountId: '123456789012',
        watched: {
          loadBalancer: 'app/evenkeel-prod/1',
          webTargetGroup: 'targetgroup/evenkeel-prod/2',
          cluster: NAME,
          services: { web: 'web', worker: 'worker' },
          database: NAME,
        },
        clusterArn: `${ARN}:cluster/${NAME}`,
        logGroups: { web: `/evenkeel/${NAME}-web`, worker: `/evenkeel/${NAME}-worker` },
        publicUrl: 'https://bot.example.com',
        telegramApiRoot: 'https://api.telegram.org',
        secretArns: { sentinel: 'arn:sentinel', oncall: 'arn:oncall' },
        ...over,
      };
      alarms = createAlarms(NAME, args);
      createSentinel(NAME, args, []);
    } catch (thrown) {
      error = thrown;
    }
    return {};
  });
  await pulumi.runtime.disconnect();
  if (!alarms) throw error;
  return { resources, alarms };
}

export const ofType = ({ resources }: Run, end: string): Collected[] =>
  resources.filter(({ type }) => type.endsWith(`:${end}`));
