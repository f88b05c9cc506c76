/** The cloud: everything in AWS that the posture asks for, in the order in which it is needed. */
import { SENTINEL, SENTINEL_METRICS } from '../../posture/alarms/index.ts';
import { sentinelPeriod } from '../../posture/alarms/outside.ts';
import type { Outputs, Settings } from '../settings.ts';
import { foundation } from './foundation.ts';
import { namePrefix } from './names.ts';
import { account } from './provider.ts';
import { rollout } from './rollout.ts';
import { declareTasks } from './tasks.ts';

export function deploy(settings: Settings): Outputs {
  const name = namePrefix(settings.project, settings.stack);
  const access = account(settings);
  const base = foundation(name, settings, access);
  const tasks = declareTasks(name, settings, access, base);
  const { webhookUrl } = rollout(name, {
    settings,
    account: access,
    base,
    tasks,
    rollbackAlarms: { web: [], worker: [] },
    dependsOn: [],
    queueAge: {
      namespace: SENTINEL,
      name: SENTINEL_METRICS.queueAge,
      dimensions: { Stack: name, Queue: 'chat' },
      period: sentinelPeriod(settings.posture),
    },
  });
  return {
    webhookUrl,
    publicUrl: base.ingress.publicUrl,
    clusterName: base.cluster.name,
    database: base.database.identifier,
    repositoryUrl: base.image.repositoryUrl,
    image: base.image.reference,
    operatorToken: base.vault.operatorToken,
    proof: [...settings.proof],
  };
}
