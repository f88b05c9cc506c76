/**
 * Fails `up` when ECS has taken the deploy back. ECS reports a service as stable after a rollback too, and `up` would say
 * that the new version runs while the old one does (fault reload-in-prod).
 */
import * as pulumi from '@pulumi/pulumi';
import { clientSettings, type Access } from './access.ts';
import { codeChanged } from './code-changed.ts';
import type { InputsOf } from './inputs.ts';

export interface GuardInputs extends Access {
  cluster: string;
  service: string;
  /** ARN of the task definition that should run. */
  wanted: string;
  /** Longest wait for a rollout that is still under way, ms: ECS calls none completed before its alarms' time is over. */
  timeout: number;
  /** Pause between two looks, ms. */
  poll: number;
}

export interface GuardOutputs extends GuardInputs {
  /** ARN of the task definition that runs. */
  running: string;
}

interface Rollout {
  running: string;
  state: string;
  reason: string;
  events: string[];
}

/** What ECS says of the service; undefined when it knows no such service, or no such cluster. */
async function look(inputs: GuardInputs): Promise<Rollout | undefined> {
  const { ECSClient, DescribeServicesCommand } = await import('@aws-sdk/client-ecs');
  const { cluster, service } = inputs;
  const ecs = new ECSClient(await clientSettings(inputs));
  try {
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
    const found = services?.[0];
    if (!found) return undefined;
    const primary = found.deployments?.find(({ status }) => status === 'PRIMARY');
    return {
      running: primary?.taskDefinition ?? 'nothing',
      state: primary?.rolloutState ?? 'COMPLETED',
      reason: primary?.rolloutStateReason ?? '',
      events: (found.events ?? []).slice(0, 3).map(({ message }) => message ?? ''),
    };
  } catch (error) {
    if ((error as Error).name === 'ClusterNotFoundException') return undefined;
    throw error;
  } finally {
    ecs.destroy();
  }
}

/** Pause between two lines of progress, ms. */
const REPORT_EVERY = 30_000;

const short = (arn: string): string => arn.split('/').at(-1) ?? arn;

async function guard(inputs: GuardInputs): Promise<GuardOutputs> {
  const started = Date.now();
  const deadline = started + inputs.timeout;
  let report = started;
  for (;;) {
    const found = await look(inputs);
    if (!found)
      throw new Error(
        `${inputs.service}: ECS knows no such service in ${short(inputs.cluster)}. Somebody deleted it: pulumi up --refresh makes it anew`,
      );
    const { running, state, reason, events } = found;
    if (running === inputs.wanted && state === 'COMPLETED') return { ...inputs, running };
    // A rollback makes the old task definition the primary one again: that does not change any more.
    if (running !== inputs.wanted || state === 'FAILED' || Date.now() >= deadline) {
      const what =
        running === inputs.wanted
          ? `its rollout is ${state}`
          : `ECS runs ${short(running)}: the deploy was rolled back`;
      throw new Error(
        `${inputs.service}: wanted ${short(inputs.wanted)}, but ${what}. ${[reason, ...events].filter(Boolean).join(' | ')} Repair the cause and run: pulumi up --refresh`,
      );
    }
    if (Date.now() >= report) {
      // Shown by the engine: what a dynamic resource prints is a line of `up`.
      console.log(
        `${inputs.service}: ${short(inputs.wanted)} runs, and ECS still watches its alarms (rollout ${state}): ${Math.round((Date.now() - started) / 1000)}s of at most ${Math.round(inputs.timeout / 1000)}s`,
      );
      report += REPORT_EVERY;
    }
    await new Promise((resolve) => setTimeout(resolve, inputs.poll));
  }
}

/** Exported for its tests; use {@link Guard}. */
export const guardProvider: pulumi.dynamic.ResourceProvider<GuardInputs, GuardOutputs> = {
  async create(inputs) {
    return { id: `guard-${inputs.service}`, outs: await guard(inputs) };
  },
  async update(_id, _olds, news) {
    return { outs: await guard(news) };
  },
  /**
   * Shows at refresh what runs in truth; the next `up` then looks again. Never throws: one deleted service, or an AWS
   * that does not answer, would stop the refresh of the whole stack, which is what repairs it.
   */
  async read(id, props) {
    const known = props as GuardOutputs;
    try {
      const found = await look(known);
      return { id, props: { ...known, running: found?.running ?? 'nothing' } };
    } catch (error) {
      console.log(`${known.service}: ECS was not asked, and what it ran before stands: ${(error as Error).name}`);
      return { id, props: known };
    }
  },
  async diff(_id, olds, news) {
    return { changes: olds.wanted !== news.wanted || olds.running !== news.wanted || codeChanged(olds, news) };
  },
};

export type GuardArgs = InputsOf<GuardInputs>;

export class Guard extends pulumi.dynamic.Resource {
  declare readonly running: pulumi.Output<string>;

  constructor(name: string, args: GuardArgs, options?: pulumi.CustomResourceOptions) {
    super(guardProvider, name, { running: undefined, ...args }, options, 'evenkeel', 'Guard');
  }
}
