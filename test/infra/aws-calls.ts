/** How a declared resource is made by AWS's own API: what the provider would send, as far as the stand-in has it. */
import type { Declared } from './harness.ts';
import type { Moto, Result } from './moto.ts';

type Inputs = Record<string, unknown>;
type Call = Moto['call'];

/** Makes the resource; returns what its `id` and `arn` are in truth. */
type Maker = (call: Call, inputs: Inputs, declared: Declared) => Promise<{ id?: unknown; arn?: unknown }>;

/** AWS's query services write every key with a capital. */
function pascal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascal);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, child]) => [key[0]!.toUpperCase() + key.slice(1), pascal(child)]);
  return Object.fromEntries(entries) as object;
}

const some = (inputs: Inputs, keys: Record<string, string>): object =>
  Object.fromEntries(
    Object.entries(keys)
      .filter(([from]) => inputs[from] !== undefined)
      .map(([from, to]) => [to, inputs[from]]),
  );

const at = (result: Result, ...path: string[]): unknown =>
  path.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], result);

const permission = (inputs: Inputs) => ({
  GroupId: inputs['securityGroupId'],
  IpPermissions: [
    {
      IpProtocol: inputs['ipProtocol'],
      FromPort: inputs['fromPort'],
      ToPort: inputs['toPort'],
      ...(inputs['cidrIpv4'] !== undefined && { IpRanges: [{ CidrIp: inputs['cidrIpv4'] }] }),
      ...(inputs['prefixListId'] !== undefined && { PrefixListIds: [{ PrefixListId: inputs['prefixListId'] }] }),
      ...(inputs['referencedSecurityGroupId'] !== undefined && {
        UserIdGroupPairs: [{ GroupId: inputs['referencedSecurityGroupId'] }],
      }),
    },
  ],
});

const network: Record<string, Maker> = {
  async 'aws:ec2/vpc:Vpc'(call, inputs) {
    return { id: at(await call('ec2', 'create_vpc', some(inputs, { cidrBlock: 'CidrBlock' })), 'Vpc', 'VpcId') };
  },
  async 'aws:ec2/internetGateway:InternetGateway'(call, inputs) {
    const id = at(await call('ec2', 'create_internet_gateway', {}), 'InternetGateway', 'InternetGatewayId');
    await call('ec2', 'attach_internet_gateway', { InternetGatewayId: id, VpcId: inputs['vpcId'] });
    return { id };
  },
  async 'aws:ec2/subnet:Subnet'(call, inputs) {
    const params = some(inputs, { vpcId: 'VpcId', cidrBlock: 'CidrBlock', availabilityZone: 'AvailabilityZone' });
    return { id: at(await call('ec2', 'create_subnet', params), 'Subnet', 'SubnetId') };
  },
  async 'aws:ec2/routeTable:RouteTable'(call, inputs) {
    const made = await call('ec2', 'create_route_table', { VpcId: inputs['vpcId'] });
    return { id: at(made, 'RouteTable', 'RouteTableId') };
  },
  async 'aws:ec2/route:Route'(call, { tags: _tags, ...inputs }) {
    await call('ec2', 'create_route', pascal(inputs) as object);
    return {};
  },
  async 'aws:ec2/routeTableAssociation:RouteTableAssociation'(call, inputs) {
    await call('ec2', 'associate_route_table', pascal(inputs) as object);
    return {};
  },
  async 'aws:ec2/vpcEndpoint:VpcEndpoint'(call, { tags: _tags, ...inputs }) {
    await call('ec2', 'create_vpc_endpoint', pascal(inputs) as object);
    return {};
  },
  async 'aws:ec2/securityGroup:SecurityGroup'(call, inputs, { name }) {
    const params = { GroupName: name, ...some(inputs, { description: 'Description', vpcId: 'VpcId' }) };
    return { id: (await call('ec2', 'create_security_group', params))['GroupId'] };
  },
  async 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule'(call, inputs) {
    await call('ec2', 'authorize_security_group_ingress', permission(inputs));
    return {};
  },
  async 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule'(call, inputs) {
    await call('ec2', 'authorize_security_group_egress', permission(inputs));
    return {};
  },
  async 'aws:acm/certificate:Certificate'(call, inputs) {
    return { arn: (await call('acm', 'request_certificate', pascal(inputs) as object))['CertificateArn'] };
  },
  async 'aws:lb/loadBalancer:LoadBalancer'(call, inputs) {
    const made = await call('elbv2', 'create_load_balancer', {
      Name: inputs['name'],
      Subnets: inputs['subnets'],
      SecurityGroups: inputs['securityGroups'],
      Scheme: inputs['internal'] === true ? 'internal' : 'internet-facing',
      Type: inputs['loadBalancerType'],
    });
    const arn = at((made['LoadBalancers'] as Result[])[0]!, 'LoadBalancerArn');
    const attributes = { 'idle_timeout.timeout_seconds': String(inputs['idleTimeout']) };
    await call('elbv2', 'modify_load_balancer_attributes', {
      LoadBalancerArn: arn,
      Attributes: Object.entries(attributes).map(([Key, Value]) => ({ Key, Value })),
    });
    return { arn };
  },
  async 'aws:lb/targetGroup:TargetGroup'(call, inputs) {
    const check = inputs['healthCheck'] as Record<string, unknown>;
    const made = await call('elbv2', 'create_target_group', {
      ...(pascal(some(inputs, { name: 'name', port: 'port', protocol: 'protocol', vpcId: 'vpcId' })) as object),
      TargetType: inputs['targetType'],
      HealthCheckPath: check['path'],
      HealthCheckProtocol: check['protocol'],
      HealthCheckIntervalSeconds: check['interval'],
      HealthCheckTimeoutSeconds: check['timeout'],
      HealthyThresholdCount: check['healthyThreshold'],
      UnhealthyThresholdCount: check['unhealthyThreshold'],
      Matcher: { HttpCode: check['matcher'] },
    });
    const arn = at((made['TargetGroups'] as Result[])[0]!, 'TargetGroupArn');
    const delay = { Key: 'deregistration_delay.timeout_seconds', Value: String(inputs['deregistrationDelay']) };
    await call('elbv2', 'modify_target_group_attributes', { TargetGroupArn: arn, Attributes: [delay] });
    return { arn };
  },
  async 'aws:lb/listener:Listener'(call, { defaultActions, certificateArn, sslPolicy, ...inputs }) {
    const actions = (defaultActions as Inputs[]).map(({ type, redirect, fixedResponse }) => ({
      Type: type,
      ...(redirect !== undefined && { RedirectConfig: pascal(redirect) }),
      ...(fixedResponse !== undefined && { FixedResponseConfig: pascal(fixedResponse) }),
    }));
    const made = await call('elbv2', 'create_listener', {
      ...(pascal(inputs) as object),
      DefaultActions: actions,
      ...(certificateArn !== undefined && {
        Certificates: [{ CertificateArn: certificateArn }],
        SslPolicy: sslPolicy,
      }),
    });
    return { arn: at((made['Listeners'] as Result[])[0]!, 'ListenerArn') };
  },
  async 'aws:lb/listenerRule:ListenerRule'(call, inputs) {
    const FIELDS: Record<string, [field: string, config: string]> = {
      pathPattern: ['path-pattern', 'PathPatternConfig'],
      httpRequestMethod: ['http-request-method', 'HttpRequestMethodConfig'],
      httpHeader: ['http-header', 'HttpHeaderConfig'],
      sourceIp: ['source-ip', 'SourceIpConfig'],
    };
    const Conditions = (inputs['conditions'] as Inputs[]).map((condition) => {
      const [[key, value]] = Object.entries(condition) as [[string, unknown]];
      const [field, config] = FIELDS[key]!;
      return { Field: field, [config]: pascal(value) };
    });
    await call('elbv2', 'create_rule', {
      ListenerArn: inputs['listenerArn'],
      Priority: inputs['priority'],
      Conditions,
      Actions: pascal(inputs['actions']),
    });
    return {};
  },
};

const containers: Record<string, Maker> = {
  async 'aws:ecr/repository:Repository'(call, inputs, { name }) {
    const made = await call('ecr', 'create_repository', {
      repositoryName: name,
      ...some(inputs, {
        imageTagMutability: 'imageTagMutability',
        imageTagMutabilityExclusionFilters: 'imageTagMutabilityExclusionFilters',
        imageScanningConfiguration: 'imageScanningConfiguration',
      }),
      encryptionConfiguration: (inputs['encryptionConfigurations'] as unknown[])[0],
    });
    return { arn: at(made, 'repository', 'repositoryArn') };
  },
  async 'aws:ecr/lifecyclePolicy:LifecyclePolicy'(call, inputs, { name }) {
    await call('ecr', 'put_lifecycle_policy', { repositoryName: name, lifecyclePolicyText: inputs['policy'] });
    return {};
  },
  async 'aws:ecs/cluster:Cluster'(call, inputs) {
    const made = await call('ecs', 'create_cluster', { clusterName: inputs['name'], settings: inputs['settings'] });
    return { arn: at(made, 'cluster', 'clusterArn') };
  },
  async 'aws:ecs/taskDefinition:TaskDefinition'(call, { skipDestroy: _skip, tags: _tags, ...inputs }) {
    const made = await call('ecs', 'register_task_definition', {
      ...inputs,
      containerDefinitions: JSON.parse(String(inputs['containerDefinitions'])) as unknown,
    });
    return { arn: at(made, 'taskDefinition', 'taskDefinitionArn') };
  },
  async 'aws:ecs/service:Service'(call, inputs) {
    const { assignPublicIp, ...vpc } = inputs['networkConfiguration'] as Inputs;
    await call('ecs', 'create_service', {
      cluster: inputs['cluster'],
      serviceName: inputs['name'],
      taskDefinition: inputs['taskDefinition'],
      desiredCount: inputs['desiredCount'],
      launchType: inputs['launchType'],
      propagateTags: inputs['propagateTags'],
      availabilityZoneRebalancing: inputs['availabilityZoneRebalancing'],
      ...some(inputs, {
        loadBalancers: 'loadBalancers',
        healthCheckGracePeriodSeconds: 'healthCheckGracePeriodSeconds',
      }),
      networkConfiguration: {
        awsvpcConfiguration: { ...vpc, assignPublicIp: assignPublicIp ? 'ENABLED' : 'DISABLED' },
      },
      deploymentConfiguration: {
        maximumPercent: inputs['deploymentMaximumPercent'],
        minimumHealthyPercent: inputs['deploymentMinimumHealthyPercent'],
        deploymentCircuitBreaker: inputs['deploymentCircuitBreaker'],
        alarms: inputs['alarms'],
      },
    });
    return {};
  },
  async 'aws:appautoscaling/target:Target'(call, inputs) {
    await call('application-autoscaling', 'register_scalable_target', pascal(inputs) as object);
    return {};
  },
  async 'aws:appautoscaling/policy:Policy'(call, inputs, { name }) {
    const made = await call('application-autoscaling', 'put_scaling_policy', {
      PolicyName: name,
      ...(pascal(some(inputs, { serviceNamespace: 'serviceNamespace', resourceId: 'resourceId' })) as object),
      ScalableDimension: inputs['scalableDimension'],
      PolicyType: inputs['policyType'],
      ...(pascal(
        some(inputs, { targetTrackingScalingPolicyConfiguration: 'targetTrackingScalingPolicyConfiguration' }),
      ) as object),
      ...(inputs['stepScalingPolicyConfiguration'] !== undefined && {
        StepScalingPolicyConfiguration: steps(inputs['stepScalingPolicyConfiguration'] as Inputs),
      }),
    });
    return { arn: made['PolicyARN'] };
  },
};

/** The provider takes bounds as text, AWS as numbers. */
const steps = ({ stepAdjustments, ...rest }: Inputs): object => ({
  ...(pascal(rest) as object),
  StepAdjustments: (stepAdjustments as Inputs[]).map((step) => ({
    ...bound('MetricIntervalLowerBound', step['metricIntervalLowerBound']),
    ...bound('MetricIntervalUpperBound', step['metricIntervalUpperBound']),
    ScalingAdjustment: step['scalingAdjustment'],
  })),
});
const bound = (name: string, value: unknown): object => (value === undefined ? {} : { [name]: Number(value) });

export const makers: Record<string, Maker> = { ...network, ...containers };
export { at, pascal, some, type Maker };
