import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarms, type Alarm } from '../../../posture/alarms/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { rollbackAlarmNames } from '../../../infra/aws/alarms/names.ts';
import { collect, NAME, ofType, type Collected } from './collect.ts';

const values = {
  oncall: {
    emails: ['oncall@example.com'],
    https: ['https://hooks.example.com/x'],
    telegramChat: '-1001234567890',
  },
};
const posture = resolve(values);
const run = await collect(values);

const OPERATORS = {
  '<': 'LessThanThreshold',
  '<=': 'LessThanOrEqualToThreshold',
  '>': 'GreaterThanThreshold',
  '>=': 'GreaterThanOrEqualToThreshold',
};

const declared = (id: string): Collected => {
  const found = ofType(run, 'MetricAlarm').filter(({ name }) => name === `${NAME}-${id}`);
  assert.equal(found.length, 1, id);
  return found[0]!;
};

test('every alarm of the posture is a metric alarm with its numbers, and there is no other', () => {
  const list = alarms(posture);
  assert.deepEqual(
    ofType(run, 'MetricAlarm')
      .map(({ name }) => name)
      .sort(),
    list.map(({ id }) => `${NAME}-${id}`).sort(),
  );
  for (const alarm of list) {
    const { inputs } = declared(alarm.id);
    assert.equal(inputs['name'], `${NAME}-${alarm.id}`);
    assert.equal(inputs['threshold'], alarm.threshold, alarm.id);
    assert.equal(inputs['period'], alarm.period, alarm.id);
    assert.equal(inputs['evaluationPeriods'], alarm.periods, alarm.id);
    assert.equal(inputs['datapointsToAlarm'], alarm.datapoints, alarm.id);
    assert.equal(inputs['treatMissingData'], alarm.missing, alarm.id);
    assert.equal(inputs['comparisonOperator'], OPERATORS[alarm.comparison], alarm.id);
    assert.equal(inputs['extendedStatistic'] ?? inputs['statistic'], alarm.statistic, alarm.id);
    assert.equal(inputs['metricName'], alarm.metric.name, alarm.id);
    assert.ok(String(inputs['alarmDescription']).includes(`Runbook: ${alarm.runbook}`), alarm.id);
    assert.ok(String(inputs['alarmDescription']).length <= 1024, alarm.id);
  }
});

test('each severity goes to its own topic, both ways', () => {
  for (const alarm of alarms(posture)) {
    const topic = `arn:aws:mock:eu-central-1:123456789012:Topic/${NAME}-${alarm.severity}`;
    const { alarmActions, okActions } = declared(alarm.id).inputs as Record<string, string[]>;
    assert.deepEqual(alarmActions, [topic], alarm.id);
    assert.deepEqual(okActions, [topic], alarm.id);
  }
});

test('dimensions are those that CloudWatch has for the parts', () => {
  const of = (id: string) => declared(id).inputs['dimensions'];
  assert.deepEqual(of('web-no-healthy-host'), {
    LoadBalancer: 'app/evenkeel-prod/1',
    TargetGroup: 'targetgroup/evenkeel-prod/2',
  });
  assert.deepEqual(of('alb-5xx'), { LoadBalancer: 'app/evenkeel-prod/1' });
  assert.deepEqual(of('worker-tasks'), { Stack: NAME, Role: 'worker' });
  assert.deepEqual(of('worker-memory'), { ClusterName: NAME, ServiceName: 'worker' });
  assert.deepEqual(of('database-cpu'), { DBInstanceIdentifier: NAME });
  assert.deepEqual(of('lane-pre-checkout-age'), { Stack: NAME, Queue: 'preCheckout' });
  assert.deepEqual(of('provider-telegram-breaker'), { Stack: NAME, Provider: 'telegram' });
  assert.deepEqual(of('worker-heartbeat'), { Stack: NAME, Role: 'worker' });
  assert.deepEqual(of('oncall-relay'), { FunctionName: `${NAME}-relay` });
  assert.deepEqual(of('task-crash'), {});
});

test('the crash alarm reads what the filters of both logs count', () => {
  const filters = ofType(run, 'LogMetricFilter');
  assert.deepEqual(filters.map(({ inputs }) => inputs['logGroupName']).sort(), [
    `/evenkeel/${NAME}-web`,
    `/evenkeel/${NAME}-worker`,
  ]);
  for (const { inputs } of filters) {
    const into = inputs['metricTransformation'] as Record<string, unknown>;
    assert.equal(into['namespace'], declared('task-crash').inputs['namespace']);
    assert.equal(into['name'], declared('task-crash').inputs['metricName']);
  }
});

test('two composite alarms sum up every alarm of their severity and tell when the last one is over', () => {
  const composites = ofType(run, 'CompositeAlarm');
  assert.deepEqual(composites.map(({ name }) => name).sort(), [`${NAME}-any-page`, `${NAME}-any-ticket`]);
  for (const { name, inputs } of composites) {
    const severity = name.endsWith('page') ? 'page' : 'ticket';
    const members = alarms(posture).filter((alarm) => alarm.severity === severity);
    const rule = String(inputs['alarmRule']);
    for (const { id } of members) assert.ok(rule.includes(`ALARM("${NAME}-${id}")`), id);
    assert.equal(rule.split(' OR ').length, members.length);
    assert.ok(rule.length < 10_240, 'longest rule that CloudWatch takes');
    assert.ok(members.length <= 100, 'most alarms that a rule may name');
    assert.equal((inputs['okActions'] as string[]).length, 1);
  }
});

test('rollback names are plain, exist as alarms, and are the same that a service is told', () => {
  const { rollbackAlarmNames: names, rollbackAlarms } = run.alarms;
  assert.deepEqual(names, rollbackAlarmNames(NAME, posture));
  const all = new Set(ofType(run, 'MetricAlarm').map(({ inputs }) => inputs['name']));
  assert.ok(names.web.length > 0 && names.worker.length > 0);
  for (const name of [...names.web, ...names.worker]) assert.ok(all.has(name), name);
  assert.equal(rollbackAlarms.length, new Set([...names.web, ...names.worker]).size);
});

test('topics are encrypted by a key that CloudWatch, EventBridge and RDS may use; only they may send', () => {
  const topics = ofType(run, 'Topic');
  assert.deepEqual(
    topics.map(({ name }) => name),
    [`${NAME}-page`, `${NAME}-ticket`],
  );
  for (const { inputs } of topics) assert.ok(inputs['kmsMasterKeyId']);
  const senders = ['cloudwatch.amazonaws.com', 'events.amazonaws.com', 'events.rds.amazonaws.com'];
  const key = JSON.parse(String(ofType(run, 'Key')[0]?.inputs['policy'])) as Policy;
  assert.deepEqual([...(key.Statement[1]!.Principal.Service as string[])].sort(), senders);
  for (const { inputs } of ofType(run, 'TopicPolicy')) {
    const { Statement } = JSON.parse(String(inputs['policy'])) as Policy;
    assert.deepEqual(Statement.map(({ Principal }) => Principal.Service).sort(), senders);
    assert.ok(Statement.every(({ Action }) => Action === 'sns:Publish'));
  }
});

interface Policy {
  Statement: { Action: unknown; Resource: unknown; Principal: { Service: unknown } }[];
}

test('people and tools get pages and tickets; the on-call chat gets pages alone', () => {
  const subscriptions = ofType(run, 'TopicSubscription').map(({ inputs }) => [
    String(inputs['topic']).endsWith('-page') ? 'page' : 'ticket',
    inputs['protocol'],
  ]);
  assert.deepEqual(subscriptions.sort(), [
    ['page', 'email'],
    ['page', 'https'],
    ['page', 'lambda'],
    ['ticket', 'email'],
    ['ticket', 'https'],
  ]);
});

test('RDS events and failed deployments are told', () => {
  const [events] = ofType(run, 'EventSubscription');
  assert.deepEqual(events!.inputs['sourceIds'], [NAME]);
  assert.ok((events!.inputs['eventCategories'] as string[]).includes('failover'));
});

/** ECS's own example of a failed deployment ("Amazon ECS service deployment state change events"), of our service. */
const failedDeployment = (service: string) => ({
  version: '0',
  'detail-type': 'ECS Deployment State Change',
  source: 'aws.ecs',
  account: '123456789012',
  region: 'eu-central-1',
  resources: [`arn:aws:mock:eu-central-1:123456789012:service/${service}`],
  detail: {
    eventType: 'ERROR',
    eventName: 'SERVICE_DEPLOYMENT_FAILED',
    deploymentId: 'ecs-svc/123',
    updatedAt: '2026-05-23T11:11:11Z',
    reason: 'ECS deployment circuit breaker: task failed to start.',
  },
});

/** EventBridge's matching, as far as our patterns use it: any of the values, and prefixes; of a list any member. */
function matches(pattern: unknown, value: unknown): boolean {
  if (!Array.isArray(pattern))
    return Object.entries(pattern as object).every(([key, part]) =>
      matches(part, (value as Record<string, unknown>)?.[key]),
    );
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return pattern.some((wanted: string | { prefix: string }) =>
    values.some((one) => (typeof wanted === 'string' ? one === wanted : String(one).startsWith(wanted.prefix))),
  );
}

/** ECS's own example of a service that cannot start its tasks ("Amazon ECS service action events"), of our service. */
const impaired = (service: string) => ({
  version: '0',
  'detail-type': 'ECS Service Action',
  source: 'aws.ecs',
  account: '123456789012',
  region: 'eu-central-1',
  resources: [`arn:aws:mock:eu-central-1:123456789012:service/${service}`],
  detail: { eventType: 'WARN', eventName: 'SERVICE_TASK_START_IMPAIRED', createdAt: '2026-05-23T11:11:11Z' },
});

test('a failed deployment is told by the event as AWS documents it, and that of another cluster is not', () => {
  const patterns = ofType(run, 'EventRule').flatMap(({ inputs }) =>
    inputs['eventPattern'] === undefined ? [] : [JSON.parse(inputs['eventPattern'] as string) as unknown],
  );
  for (const event of [failedDeployment, impaired]) {
    const told = (service: string) => patterns.filter((pattern) => matches(pattern, event(service))).length;
    assert.equal(told(`${NAME}/web`), 1);
    assert.equal(told(`${NAME}-2/web`), 0);
  }
  const steady = { ...impaired(`${NAME}/web`), detail: { eventType: 'INFO', eventName: 'SERVICE_STEADY_STATE' } };
  assert.ok(!patterns.some((pattern) => matches(pattern, steady)));
});

test('an alarm waits for the first bot before it rings, and has nothing to take back', () => {
  for (const { id, rollback } of alarms(posture))
    assert.deepEqual(
      declared(id).inputs['warmUpConfiguration'],
      // What takes a deploy back guards the first one too: it is good as long as it is silent.
      rollback.length > 0 ? undefined : { warmUpPeriodDurationInMinutes: 60 },
      id,
    );
});

test('an alarm on a percentile looks at few values too: a quiet bot has alarms as well', () => {
  const percentiles = ofType(run, 'MetricAlarm').filter(({ inputs }) => inputs['extendedStatistic'] !== undefined);
  assert.ok(percentiles.length > 0);
  for (const { inputs } of percentiles) {
    assert.equal(inputs['evaluateLowSampleCountPercentiles'], 'evaluate');
    assert.equal(inputs['datapointsToAlarm'], inputs['evaluationPeriods'], 'one slow request is no alarm');
  }
});

test('the dashboard draws every threshold on a graph of its metric, and no two graphs overlap', () => {
  const [dashboard] = ofType(run, 'Dashboard').filter(({ type }) => type.startsWith('aws:'));
  const { widgets } = JSON.parse(String(dashboard?.inputs['dashboardBody'])) as { widgets: Widget[] };
  const graphs = widgets.filter(({ type }) => type === 'metric');
  for (const alarm of alarms(posture)) {
    const drawn = graphs.filter((graph) => reads(graph, alarm));
    assert.equal(drawn.length, 1, alarm.id);
    const lines = drawn[0]!.properties.annotations!.horizontal.filter(({ label }) => label.includes(`${alarm.id} `));
    assert.deepEqual(
      lines.map(({ value }) => value),
      [alarm.threshold],
      alarm.id,
    );
  }
  const cells = new Set<string>();
  for (const { x, y, width, height } of widgets)
    for (let column = x; column < x + width; column++)
      for (let row = y; row < y + height; row++) {
        assert.ok(column < 24 && !cells.has(`${column},${row}`), `overlap at ${column},${row}`);
        cells.add(`${column},${row}`);
      }
  assert.ok(run.alarms.dashboardUrl.endsWith(`#dashboards/dashboard/${NAME}`));
});

interface Widget {
  type: string;
  x: number;
  y: number;
  width: number;
  height: number;
  properties: { title?: string; annotations?: { horizontal: { label: string; value: number }[] } };
}

const reads = ({ properties }: Widget, { id }: Alarm): boolean => (properties.title ?? '').split(', ').includes(id);

test('the sentinel runs on the declared schedule, outside any network, with no right but its log, its secret and the count of our tasks', () => {
  const [sentinel] = ofType(run, 'Function').filter(({ name }) => name.endsWith('-sentinel'));
  assert.equal(sentinel?.inputs['vpcConfig'], undefined);
  assert.deepEqual((sentinel!.inputs['environment'] as { variables: object }).variables, {
    STACK: NAME,
    PUBLIC_URL: 'https://bot.example.com',
    TELEGRAM_API_ROOT: 'https://api.telegram.org',
    CLUSTER: NAME,
    SECRET_ARN: 'arn:sentinel',
  });
  const schedule = ofType(run, 'EventRule').map(({ inputs }) => inputs['scheduleExpression']);
  assert.ok(schedule.includes('rate(1 minute)'));
  const [policy] = ofType(run, 'RolePolicy').filter(({ name }) => name.endsWith('-sentinel'));
  const { Statement } = JSON.parse(String(policy?.inputs['policy'])) as Policy;
  assert.deepEqual(
    Statement.map(({ Action }) => Action),
    [['logs:CreateLogStream', 'logs:PutLogEvents'], 'secretsmanager:GetSecretValue', 'ecs:DescribeServices'],
  );
  assert.deepEqual(Statement[1]?.Resource, ['arn:sentinel']);
  assert.deepEqual(
    Statement[2]?.Resource,
    ['web', 'worker'].map((role) => `arn:aws:mock:eu-central-1:123456789012:service/${NAME}/${role}`),
  );
  const [log] = ofType(run, 'LogGroup').filter(({ name }) => name.endsWith('-sentinel'));
  assert.equal(log?.inputs['retentionInDays'], 30);
});

test('a sentinel that looks every five minutes has a schedule and alarms of five minutes', async () => {
  const slow = { sentinel: { every: '5m' }, oncall: { detectWithin: { page: '30m', ticket: '1h' } } };
  const { resources } = await collect(slow);
  const schedules = resources.map(({ inputs }) => inputs['scheduleExpression']).filter(Boolean);
  assert.deepEqual(schedules, ['rate(5 minutes)']);
});

test('without a chat there is no relay; with one and no token there is one clear line', async () => {
  const plain = await collect({});
  assert.deepEqual(
    ofType(plain, 'Function').map(({ name }) => name),
    [`${NAME}-sentinel`],
  );
  assert.deepEqual(ofType(plain, 'TopicSubscription'), []);
  await assert.rejects(
    collect(values, { secretArns: { sentinel: 'arn:sentinel' } }),
    /evenkeel:oncallBotToken is not set.*pulumi config set --secret evenkeel:oncallBotToken/,
  );
});

test('a preview, in which nothing computed is known, declares the same', async () => {
  const preview = await collect(values, {}, true);
  const names = ({ resources }: typeof run) => resources.map(({ type, name }) => `${type} ${name}`).sort();
  assert.deepEqual(names(preview), names(run));
});
