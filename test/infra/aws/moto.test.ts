/**
 * The declared resources, made by AWS's own client in a stand-in of AWS. The client checks every argument against AWS's
 * published model; the stand-in checks what belongs together: subnets in their VPC, rules on their listener, policies.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makers as firstMakers } from '../aws-calls.ts';
import { dataMakers } from '../aws-calls-data.ts';
import { computed } from '../cloud.ts';
import { run, type Declared, type Run } from '../harness.ts';
import { prepareMoto, startMoto, type Moto, type Result } from '../moto.ts';
import { WITH_DOMAIN } from '../stacks.ts';

const MAKERS = { ...firstMakers, ...dataMakers };

/** Declared, but not made here, and why. Anything else must have its call. */
const NOT_MADE: Record<string, string> = {
  'aws:acm/certificateValidation:CertificateValidation': 'waits for DNS',
  'aws:route53/record:Record': 'the zone is not of this stack',
  'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup': 'adopts what AWS makes',
  'aws:cloudwatch/compositeAlarm:CompositeAlarm': 'the stand-in has none',
  'aws:lambda/function:Function': 'its code is run by its own tests',
  'aws:lambda/permission:Permission': 'belongs to a function',
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': 'belongs to a function',
  'aws:cloudwatch/eventRule:EventRule': 'leads to a function',
  'aws:cloudwatch/eventTarget:EventTarget': 'leads to a function',
  'aws:cloudwatch/logMetricFilter:LogMetricFilter': 'has tests of its own',
  'aws:sns/topicPolicy:TopicPolicy': 'has tests of its own',
  'aws:sns/topicSubscription:TopicSubscription': 'has tests of its own',
  'aws:rds/eventSubscription:EventSubscription': 'has tests of its own',
};

/** Replaces what the simulated run called things by what the stand-in calls them. */
class Names {
  readonly #known = new Map<string, string>();

  learn(declared: Declared, made: { id?: unknown; arn?: unknown }): void {
    const { id, state } = computed(declared.type, declared.name, declared.inputs);
    if (typeof made.id === 'string') this.#known.set(id, made.id);
    if (typeof made.arn === 'string') this.#known.set(String(state['arn']), made.arn);
    if (declared.type === 'aws:s3/bucket:Bucket') this.#known.set(String(state['bucket']), declared.name);
  }

  translate<T>(value: T): T {
    if (typeof value === 'string') {
      const whole = this.#known.get(value);
      if (whole !== undefined) return whole as T;
      // Inside a document, an ARN may stand in the middle of a text.
      const longest = [...this.#known]
        .filter(([old]) => old.startsWith('arn:'))
        .sort(([a], [b]) => b.length - a.length);
      return longest.reduce<string>((text, [old, now]) => text.replaceAll(old, now), value) as T;
    }
    if (Array.isArray(value)) return value.map((child: unknown) => this.translate(child)) as T;
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, this.translate(child as unknown)]),
    ) as T;
  }
}

const missing = await prepareMoto();

describe('in the stand-in of AWS', { skip: missing ?? false }, () => {
  let moto: Moto;
  let result: Run;
  const failures: string[] = [];
  let made = 0;

  before(async () => {
    moto = await startMoto();
    result = await run({ posture: WITH_DOMAIN });
    const names = new Names();
    for (const declared of result.resources.filter(({ type, custom }) => custom && type.startsWith('aws:'))) {
      const maker = MAKERS[declared.type];
      if (!maker) {
        if (!(declared.type in NOT_MADE)) failures.push(`${declared.type} ${declared.name}: no call is known for it`);
        continue;
      }
      try {
        names.learn(declared, await maker(moto.call.bind(moto), names.translate(declared.inputs), declared));
        made++;
      } catch (error) {
        failures.push(`${declared.type} ${declared.name}: ${(error as Error).message}`);
      }
    }
  });
  after(() => moto.stop());

  test('every resource is made as declared', () => {
    assert.deepEqual(failures, []);
    assert.ok(made > 100, `${made} made`);
  });

  test('both services run their task definitions in the subnets of the stack', async () => {
    const { services } = await moto.call('ecs', 'describe_services', {
      cluster: 'evenkeel-prod',
      services: ['web', 'worker'],
    });
    assert.deepEqual(
      (services as Result[]).map(({ serviceName, desiredCount }) => [serviceName, desiredCount]),
      [
        ['web', 2],
        ['worker', 2],
      ],
    );
  });

  test('the database has the parameters of the posture', async () => {
    const { Parameters } = await moto.call('rds', 'describe_db_parameters', {
      DBParameterGroupName: 'evenkeel-prod-18',
    });
    const limit = (Parameters as Result[]).find(({ ParameterName }) => ParameterName === 'max_connections')!;
    assert.equal(limit['ParameterValue'], '200');
    assert.equal(limit['ApplyMethod'], 'pending-reboot');
  });

  test('the alarms that take a deploy back are there by their names', async () => {
    const wanted = result.resources
      .filter(({ type }) => type === 'aws:ecs/service:Service')
      .flatMap(({ inputs }) => (inputs['alarms'] as { alarmNames: string[] }).alarmNames);
    const { MetricAlarms } = await moto.call('cloudwatch', 'describe_alarms', { AlarmNames: [...new Set(wanted)] });
    const found = (MetricAlarms as Result[]).map(({ AlarmName }) => String(AlarmName));
    assert.deepEqual(found.sort(), [...new Set(wanted)].sort());
  });
});
