/** Where an alarm's metric is in CloudWatch: the symbolic parts of the posture's alarms, by the names of this stack. */
import type * as pulumi from '@pulumi/pulumi';
import type { OfRoles } from '../../../posture/limits.ts';
import { LOGS, type Alarm, type Dimension } from '../../../posture/alarms/index.ts';

/** Names of what is watched. None of them depends on a service: an alarm exists before the deploy that it may take back. */
export interface Watched {
  /** `arnSuffix` of the load balancer (`app/…`). */
  loadBalancer: pulumi.Input<string>;
  /** `arnSuffix` of the web target group (`targetgroup/…`). */
  webTargetGroup: pulumi.Input<string>;
  /** Name of the ECS cluster. */
  cluster: pulumi.Input<string>;
  /** Names of the services. */
  services: OfRoles<pulumi.Input<string>>;
  /** Identifier of the RDS instance; absent where the server is not of this stack. */
  database: pulumi.Input<string> | undefined;
  /** Value of the dimension Stack: what sentinel and tasks have as STACK. */
  stack: string;
  /** Name of the relay's function. */
  relay: string;
}

type Named = Record<string, pulumi.Input<string>>;

/** Parts that a prefix names: `queue:chat` is the dimension Queue of value chat. */
const KINDS: Record<string, string> = { role: 'Role', queue: 'Queue', provider: 'Provider' };

function dimension(part: Dimension, watched: Watched): Named {
  const parts: Partial<Record<Dimension, Named>> = {
    alb: { LoadBalancer: watched.loadBalancer },
    webTargetGroup: { TargetGroup: watched.webTargetGroup },
    cluster: { ClusterName: watched.cluster },
    webService: { ServiceName: watched.services.web },
    workerService: { ServiceName: watched.services.worker },
    ...(watched.services.media !== undefined && { mediaService: { ServiceName: watched.services.media } }),
    ...(watched.database !== undefined && { database: { DBInstanceIdentifier: watched.database } }),
    relay: { FunctionName: watched.relay },
    stack: { Stack: watched.stack },
  };
  const [kind = '', value = ''] = part.split(':');
  const named = parts[part] ?? (KINDS[kind] && { [KINDS[kind]]: value });
  if (!named) throw new Error(`no dimension of CloudWatch is known for ${part}`);
  return named;
}

export interface CloudMetric {
  namespace: string;
  metricName: string;
  dimensions: Named;
}

/** Namespace of what is counted in this stack's logs. */
export const logNamespace = (stack: string): string => `${LOGS}/${stack}`;

export const cloudMetric = ({ metric }: Alarm, watched: Watched): CloudMetric => ({
  namespace: metric.namespace === LOGS ? logNamespace(watched.stack) : metric.namespace,
  metricName: metric.name,
  dimensions: Object.assign({}, ...metric.dimensions.map((part) => dimension(part, watched))) as Named,
});
