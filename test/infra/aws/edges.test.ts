/** What can be reached from where: the network, its firewall, the load balancer, CloudFront. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { WAYS_IN } from '../../../contract/paths.ts';
import { edgeFunction } from '../../../infra/aws/edge-function.ts';
import { CONFIG, ofType, only, run, type Declared, type Run } from '../harness.ts';
import { change, MAXIMAL, PROD, WITH_DOMAIN } from '../stacks.ts';

const INGRESS_RULE = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';
const RULE = 'aws:lb/listenerRule:ListenerRule';

/** `443 from 0.0.0.0/0` of every rule that lets something in. */
const openings = (result: Run): string[] =>
  ofType(result, INGRESS_RULE)
    .map(({ name, inputs }) => {
      const from = inputs['cidrIpv4'] ?? inputs['prefixListId'] ?? inputs['referencedSecurityGroupId'];
      assert.equal(inputs['fromPort'], inputs['toPort'], name);
      return `${String(inputs['securityGroupId'])}: ${String(inputs['fromPort'])} from ${String(from)}`;
    })
    .sort();

const INSIDE = [
  'SecurityGroup/evenkeel-prod-database: 5432 from SecurityGroup/evenkeel-prod-migrate',
  'SecurityGroup/evenkeel-prod-database: 5432 from SecurityGroup/evenkeel-prod-ops',
  'SecurityGroup/evenkeel-prod-database: 5432 from SecurityGroup/evenkeel-prod-web',
  'SecurityGroup/evenkeel-prod-database: 5432 from SecurityGroup/evenkeel-prod-worker',
  'SecurityGroup/evenkeel-prod-web: 8080 from SecurityGroup/evenkeel-prod-balancer',
];

type Condition = Record<string, { values: string[]; httpHeaderName?: string }>;
const conditions = (rule: Declared) => Object.assign({}, ...(rule.inputs['conditions'] as Condition[])) as Condition;

test("a Bot API server of one's own is reached on its port, by the workers alone", async () => {
  const EGRESS = 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule';
  const config = { ...CONFIG, 'evenkeel:telegramApiRoot': 'http://10.0.0.5:8081' };
  const result = await run({ posture: PROD, config });
  assert.equal(result.error, undefined);
  assert.deepEqual(
    ofType(result, EGRESS)
      .filter(({ inputs }) => inputs['fromPort'] === 8081)
      .map(({ name, inputs }) => `${name} ${String(inputs['toPort'])}`),
    ['evenkeel-prod-worker-telegram 8081'],
  );
});

describe('zones', () => {
  const SUBNET = 'aws:ec2/subnet:Subnet';

  test('stay those in which the subnets were made, whatever list AWS gives later', async () => {
    for (const { inputs, ignoreChanges, name } of ofType(await run({ posture: MAXIMAL }), SUBNET)) {
      assert.ok(inputs['availabilityZone'], name);
      assert.deepEqual(ignoreChanges, ['availabilityZone', 'availabilityZoneId'], name);
    }
  });

  test('are the named ones where the posture names some', async () => {
    const posture = change(MAXIMAL, 'network.zoneIds', ['euc1-az3', 'euc1-az1', 'euc1-az2']);
    const result = await run({ posture });
    assert.equal(result.error, undefined);
    for (const { inputs, name } of ofType(result, SUBNET)) {
      const zone = ['euc1-az3', 'euc1-az1', 'euc1-az2'][Number(name.at(-1)) - 1];
      assert.deepEqual([inputs['availabilityZoneId'], inputs['availabilityZone']], [zone, undefined], name);
    }
  });
});

describe('with a domain', () => {
  let result: Run;
  before(async () => {
    result = await run({ posture: WITH_DOMAIN });
  });

  test('nothing is open but 443, and 80 that redirects', () => {
    assert.deepEqual(openings(result), [
      'SecurityGroup/evenkeel-prod-balancer: 443 from 0.0.0.0/0',
      'SecurityGroup/evenkeel-prod-balancer: 80 from 0.0.0.0/0',
      ...INSIDE,
    ]);
    const redirect = only(result, 'aws:lb/listener:Listener', '-redirect').inputs['defaultActions'] as {
      type: string;
      redirect: object;
    }[];
    assert.equal(redirect.length, 1);
    assert.equal(redirect[0]!.type, 'redirect');
    assert.deepEqual(redirect[0]!.redirect, { port: '443', protocol: 'HTTPS', statusCode: 'HTTP_301' });
  });

  test('TLS is 1.2 or newer, with a certificate that is proven in the zone', () => {
    const https = only(result, 'aws:lb/listener:Listener', '-https');
    assert.equal(https.inputs['sslPolicy'], 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06');
    const validation = only(result, 'aws:acm/certificateValidation:CertificateValidation');
    assert.equal(https.inputs['certificateArn'], validation.inputs['certificateArn']);
    assert.deepEqual(validation.inputs['validationRecordFqdns'], ['_x.bot.example.com']);
    for (const { inputs } of ofType(result, 'aws:route53/record:Record'))
      assert.equal(inputs['zoneId'], 'Z-example.com');
  });

  test('only the known paths are forwarded, everything else is 404', () => {
    const [action] = only(result, 'aws:lb/listener:Listener', '-https').inputs['defaultActions'] as {
      fixedResponse: { statusCode: string };
    }[];
    assert.equal(action!.fixedResponse.statusCode, '404');
    assert.equal(ofType(result, RULE).length, WAYS_IN.length);
    const webhook = conditions(only(result, RULE, '-webhook'));
    assert.deepEqual(webhook['pathPattern'], { values: ['/telegram/webhook'] });
    assert.deepEqual(webhook['httpRequestMethod'], { values: ['POST'] });
    assert.deepEqual(webhook['sourceIp'], { values: ['149.154.160.0/20', '91.108.4.0/22'] });
    const health = conditions(only(result, RULE, '-health'));
    assert.deepEqual(health, { pathPattern: { values: ['/health'] }, httpRequestMethod: { values: ['GET'] } });
    // Also where the posture sells for nothing of theirs, and from everywhere: they name no addresses that stay.
    for (const [part, path] of [
      ['-cryptopay', '/callback/cryptopay'],
      ['-nowpay', '/callback/nowpayments'],
      ['-novita', '/callback/novita/*'],
    ] as const)
      assert.deepEqual(conditions(only(result, RULE, part)), {
        pathPattern: { values: [path] },
        httpRequestMethod: { values: ['POST'] },
      });
    const priorities = ofType(result, RULE).map(({ inputs }) => inputs['priority']);
    assert.equal(new Set(priorities).size, priorities.length);
  });

  test('the load balancer is as patient as the posture says, and keeps its logs', () => {
    const balancer = only(result, 'aws:lb/loadBalancer:LoadBalancer');
    assert.equal(balancer.inputs['idleTimeout'], 60);
    assert.equal(balancer.inputs['internal'], false);
    assert.equal(balancer.inputs['enableDeletionProtection'], true);
    assert.equal((balancer.inputs['accessLogs'] as { enabled: boolean }).enabled, true);
    const targets = only(result, 'aws:lb/targetGroup:TargetGroup');
    assert.equal(targets.inputs['deregistrationDelay'], 15);
    assert.deepEqual(targets.inputs['healthCheck'], {
      path: '/live',
      protocol: 'HTTP',
      matcher: '200',
      interval: 10,
      timeout: 3,
      healthyThreshold: 2,
      unhealthyThreshold: 3,
    });
  });
});

describe('without a domain', () => {
  let result: Run;
  before(async () => {
    result = await run({ posture: change(PROD, 'ingress.telegramOnly', true) });
  });

  test("nothing is open but to CloudFront's own addresses, inside the VPC", () => {
    assert.deepEqual(openings(result), ['SecurityGroup/evenkeel-prod-balancer: 80 from pl-cloudfront', ...INSIDE]);
    const balancer = only(result, 'aws:lb/loadBalancer:LoadBalancer');
    assert.equal(balancer.inputs['internal'], true);
    assert.deepEqual(balancer.inputs['subnets'], [
      'Subnet/evenkeel-prod-isolated-1',
      'Subnet/evenkeel-prod-isolated-2',
    ]);
  });

  test("the load balancer forwards only what carries this stack's header, which is secret", () => {
    const [origin] = only(result, 'aws:cloudfront/distribution:Distribution').inputs['origins'] as {
      customHeaders: { name: string; value: string }[];
      vpcOriginConfig: object;
    }[];
    const [header] = origin!.customHeaders;
    assert.ok(origin!.vpcOriginConfig);
    assert.equal(ofType(result, RULE).length, WAYS_IN.length);
    for (const rule of ofType(result, RULE)) {
      assert.deepEqual(conditions(rule)['httpHeader'], { httpHeaderName: header!.name, values: [header!.value] });
      assert.ok(rule.secretPaths.some((path) => path.startsWith('conditions')));
    }
    const distribution = only(result, 'aws:cloudfront/distribution:Distribution');
    assert.ok(distribution.secretPaths.some((path) => path.startsWith('origins')));
  });

  test('viewers are sent to HTTPS, and nothing is cached', () => {
    const behaviour = only(result, 'aws:cloudfront/distribution:Distribution').inputs['defaultCacheBehavior'] as Record<
      string,
      unknown
    >;
    assert.equal(behaviour['viewerProtocolPolicy'], 'redirect-to-https');
    assert.equal(behaviour['cachePolicyId'], '4135ea2d-6df8-44a3-9df3-4b5a84be39ad');
  });
});

describe('the function at the edge', () => {
  const event = (changes: { method?: string; uri?: string; ip?: string; tls?: string }) => ({
    viewer: { ip: changes.ip ?? '149.154.167.50' },
    request: {
      method: changes.method ?? 'POST',
      uri: changes.uri ?? '/telegram/webhook',
      headers: changes.tls === '' ? {} : { 'cloudfront-viewer-tls': { value: changes.tls ?? 'TLSv1.3:AES' } },
    },
  });
  const answer = (telegramOnly: boolean, changes: Parameters<typeof event>[0]): number => {
    const context = { event: event(changes) };
    const result = runInNewContext(`${edgeFunction({ telegramOnly })}; handler(event)`, context) as {
      statusCode?: number;
    };
    return result.statusCode ?? 200;
  };

  test('lets through the known paths alone', () => {
    assert.equal(answer(false, {}), 200);
    assert.equal(answer(false, { method: 'GET', uri: '/health' }), 200);
    for (const { method, path } of WAYS_IN) assert.equal(answer(false, { method, uri: path }), 200, path);
    for (const uri of ['/callback/cryptopay', '/callback/nowpayments', '/callback/novita/17-1.x'])
      assert.equal(answer(true, { uri, ip: '1.2.3.4' }), 200, uri);
    for (const [method, uri] of [
      ['GET', '/telegram/webhook'],
      ['POST', '/health'],
      ['GET', '/metrics'],
      ['GET', '/'],
      ['POST', '/telegram/webhook/'],
      ['GET', '/callback/cryptopay'],
      ['POST', '/callback/novita/'],
      ['GET', '/callback/novita/17-1.x'],
      ['POST', '/callback/constructor'],
    ] as const)
      assert.equal(answer(false, { method, uri }), 404, `${method} ${uri}`);
  });

  test('refuses TLS below 1.2', () => {
    for (const [tls, status] of [
      ['TLSv1:AES', 403],
      ['TLSv1.1:AES', 403],
      ['SSLv3:RC4', 403],
      ['TLSv1.2:ECDHE-RSA-AES128-GCM-SHA256', 200],
    ] as const)
      assert.equal(answer(false, { tls }), status, tls);
  });

  test("takes the webhook from Telegram's ranges alone, where that is declared", () => {
    for (const [ip, status] of [
      ['149.154.160.0', 200],
      ['149.154.175.255', 200],
      ['149.154.176.0', 403],
      ['149.154.159.255', 403],
      ['91.108.4.0', 200],
      ['91.108.7.255', 200],
      ['91.108.8.0', 403],
      ['203.0.113.9', 403],
      ['2001:db8::1', 403],
    ] as const)
      assert.equal(answer(true, { ip }), status, ip);
    assert.equal(answer(false, { ip: '203.0.113.9' }), 200);
    assert.equal(answer(true, { ip: '203.0.113.9', method: 'GET', uri: '/health' }), 200);
  });

  test('fits into the 10 kB that CloudFront takes', () => {
    assert.ok(edgeFunction({ telegramOnly: true }).length < 10_240);
  });
});

describe('the ways out', () => {
  test('by default there is no gateway to pay, and the database has no route out', async () => {
    const result = await run({ posture: PROD });
    assert.equal(ofType(result, 'aws:ec2/natGateway:NatGateway').length, 0);
    const service = only(result, 'aws:ecs/service:Service', '-worker');
    const network = service.inputs['networkConfiguration'] as { assignPublicIp: boolean; subnets: string[] };
    assert.equal(network.assignPublicIp, true);
    const subnets = only(result, 'aws:rds/subnetGroup:SubnetGroup').inputs['subnetIds'] as string[];
    assert.equal(subnets.length, 2);
    // A table of their own that no route belongs to: the VPC's main table is anybody's to change.
    const tables = ofType(result, 'aws:ec2/routeTableAssociation:RouteTableAssociation')
      .filter(({ inputs }) => subnets.includes(inputs['subnetId'] as string))
      .map(({ inputs }) => inputs['routeTableId']);
    assert.deepEqual(tables, ['RouteTable/evenkeel-prod-isolated', 'RouteTable/evenkeel-prod-isolated']);
    assert.ok(ofType(result, 'aws:ec2/route:Route').every(({ inputs }) => inputs['routeTableId'] !== tables[0]));
  });

  test('with NAT there is a gateway in each zone, and tasks have no public address', async () => {
    const result = await run({ posture: MAXIMAL });
    assert.equal(ofType(result, 'aws:ec2/natGateway:NatGateway').length, 3);
    assert.equal(ofType(result, 'aws:ec2/vpcEndpoint:VpcEndpoint').length, 5);
    const ranges = ofType(result, 'aws:ec2/subnet:Subnet').map(({ inputs }) => String(inputs['cidrBlock']));
    assert.equal(new Set(ranges).size, 9);
    assert.ok(ranges.every((range) => range.startsWith('10.99.') && range.endsWith('/24')));
    const service = only(result, 'aws:ecs/service:Service', '-web');
    const network = service.inputs['networkConfiguration'] as { assignPublicIp: boolean; subnets: string[] };
    assert.equal(network.assignPublicIp, false);
    assert.deepEqual(
      network.subnets,
      [1, 2, 3].map((zone) => `Subnet/evenkeel-prod-private-${zone}`),
    );
  });
});
