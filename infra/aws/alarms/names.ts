/** Names of alarms, plain: known before anything exists, so that a service can name the alarms that take its deploy back. */
import * as pulumi from '@pulumi/pulumi';
import { alarms, type Alarm } from '../../../posture/alarms/index.ts';
import { ofRoles, type OfRoles } from '../../../posture/limits.ts';
import type { Posture } from '../../../posture/schema/index.ts';

/** `prefix` is that of everything in the stack. */
export const alarmName = (prefix: string, alarm: Pick<Alarm, 'id'>): string => `${prefix}-${alarm.id}`;

/** Names of the alarms that take a deploy of each role back when they go off during it. */
export function rollbackAlarmNames(prefix: string, posture: Posture): OfRoles<string[]> {
  const list = alarms(posture);
  return ofRoles(posture, (role) =>
    list.filter(({ rollback }) => rollback.includes(role)).map((alarm) => alarmName(prefix, alarm)),
  );
}

/** `arn:aws:ecs:…:cluster/NAME` → `arn:aws:ecs:…:service/NAME`, with which the ARNs of its services begin. */
export const servicesOf = (clusterArn: pulumi.Input<string>): pulumi.Output<string> =>
  pulumi.output(clusterArn).apply((arn) => arn.replace(':cluster/', ':service/'));
