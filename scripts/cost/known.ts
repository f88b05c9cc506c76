/** Every type of resource that the program declares is on the bill, or is known to cost nothing by itself. */
import type { Declared } from './declared.ts';

/** Priced in `lines.ts`. */
const PRICED = [
  'aws:backup/plan:Plan',
  'aws:cloudwatch/compositeAlarm:CompositeAlarm',
  'aws:cloudwatch/metricAlarm:MetricAlarm',
  'aws:ec2/flowLog:FlowLog',
  'aws:ec2/natGateway:NatGateway',
  'aws:ec2/vpcEndpoint:VpcEndpoint',
  'aws:ecs/service:Service',
  'aws:kms/key:Key',
  'aws:lb/loadBalancer:LoadBalancer',
  'aws:rds/instance:Instance',
  'aws:secretsmanager/secret:Secret',
  'aws:wafv2/webAcl:WebAcl',
];

/** Paid with what it belongs to, or by use: in `ASSUMED.logs` and `ASSUMED.rest`. */
const FREE =
  /^(pulumi|evenkeel|random|docker|pulumi-nodejs):|^aws:(acm|appautoscaling|backup|chatbot|cloudfront|cloudwatch|ec2|ecr|ecs|iam|kms|lambda|lb|rds|route53|s3|secretsmanager|sns|ssm|vpc|wafv2)\//;
/** Of those services, what is never free and would have to be priced first. */
const NEVER_FREE =
  /^aws:(ec2\/(instance|transitGateway|vpnGateway|networkInsights\w*):|rds\/(cluster|proxy)\w*:|lambda\/provisioned\w*:|route53\/(zone|healthCheck|resolver\w*):|ecs\/capacityProvider:|acm\/privateCertificate|backup\/(framework|reportPlan|restoreTestingPlan))/;

/** Types that nobody has priced. */
export const unpriced = (resources: readonly Declared[]): string[] => [
  ...new Set(
    resources
      .map(({ type }) => type)
      .filter((type) => !PRICED.includes(type) && (!FREE.test(type) || NEVER_FREE.test(type))),
  ),
];
