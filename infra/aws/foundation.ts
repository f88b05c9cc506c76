/** What the tasks stand on: the network and its firewall, the buckets, the image, the way in, the database, the secrets. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { fromHere } from '../repository.ts';
import { plainConfig } from '../config.ts';
import { hasMedia } from '../../posture/limits.ts';
import type { Settings } from '../settings.ts';
import { claim } from './claim.ts';
import { Database, type DatabaseServer } from './database.ts';
import { Firewall } from './firewall.ts';
import { FlowLogs } from './flow-logs.ts';
import { ForeignDatabase, portOf } from './foreign-database.ts';
import { foreignNetwork } from './foreign-network.ts';
import { architectureOf, Image } from './image.ts';
import { Ingress } from './ingress.ts';
import { Network, type Surroundings } from './network.ts';
import type { Account } from './provider.ts';
import { PrivateBucket } from './storage.ts';
import { Vault } from './vault.ts';

export interface Foundation {
  accountId: pulumi.Output<string>;
  network: Surroundings;
  firewall: Firewall;
  image: Image;
  ingress: Ingress;
  database: DatabaseServer;
  vault: Vault;
  /** Where files lie that are too large for a chat; where there are media tasks. */
  files: PrivateBucket | undefined;
  cluster: aws.ecs.Cluster;
  /** After this, names are taken that AWS would let two stacks share. */
  claimed: pulumi.Resource;
  /** All of it. */
  parts: pulumi.Resource[];
}

const DAY = 86_400_000;

/** How long files lie in the object store, ms; undefined where nobody puts any there. */
const filesLast = (posture: Settings['posture']): number | undefined =>
  hasMedia(posture) ? (posture as { downloads?: { links: number } }).downloads?.links : undefined;

/** The load balancer writes its access logs here itself (AWS, "Access logs for your Application Load Balancer"). */
const accessLogs = (accountId: pulumi.Output<string>) => (bucketArn: pulumi.Output<string>) => [
  {
    Sid: 'AccessLogs',
    Effect: 'Allow' as const,
    Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: pulumi.interpolate`${bucketArn}/AWSLogs/${accountId}/*`,
  },
];

/** Read from the plain configuration: a port is no secret, and rules of a firewall that are would show nobody a change. */
function foreignPort({ database }: Settings['posture']): number | undefined {
  const url = plainConfig()['evenkeel:databaseUrl'];
  return database.server === 'own' && url !== undefined ? portOf(url) : undefined;
}

export function foundation(name: string, settings: Settings, { region, provider, kmsKey }: Account): Foundation {
  const { posture } = settings;
  const options = { providers: [provider] };
  const keep = posture.stage === 'production';
  const accountId = aws.getCallerIdentityOutput({}, { provider }).accountId;

  const claimed = claim(name, { provider });
  const { vpc, egress, flowLogs } = posture.network;
  const network = vpc ? foreignNetwork({ vpc, egress }) : new Network(name, { posture, region }, options);
  const optional: pulumi.Resource[] = network instanceof Network ? [network] : [];
  if (flowLogs !== undefined)
    optional.push(new FlowLogs(`${name}-flow-logs`, { vpcId: network.vpcId, accountId, keep: flowLogs }, options));
  const entrance = posture.ingress.domain === undefined ? 'cloudfront' : 'internet';
  const firewall = new Firewall(
    name,
    {
      network,
      entrance,
      media: hasMedia(posture),
      telegramApiRoot: settings.telegramApiRoot,
      databasePort: foreignPort(posture),
    },
    options,
  );

  const logs = new PrivateBucket(
    `${name}-access-logs`,
    { expireAfter: posture.ingress.logRetention, statements: accessLogs(accountId) },
    options,
  );
  // A day more than the last link to one: whoever follows it in its last minute still gets the whole of it.
  const last = filesLast(posture);
  const files =
    last === undefined ? undefined : new PrivateBucket(`${name}-files`, { expireAfter: last + DAY }, options);
  if (files) optional.push(files);
  const image = new Image(
    name,
    {
      context: fromHere(),
      digest: settings.imageDigest,
      architecture: architectureOf(settings),
      media: hasMedia(posture),
      kmsKey,
    },
    options,
  );
  const ingress = new Ingress(
    name,
    { network, securityGroupId: firewall.groupIds.balancer, posture, logs, keep },
    options,
  );
  const { databaseUrl } = settings.secrets;
  const database =
    posture.database.server === 'own' && databaseUrl
      ? new ForeignDatabase(name, { url: databaseUrl, posture }, options)
      : new Database(
          name,
          {
            posture,
            subnetIds: network.databaseSubnetIds,
            securityGroupId: firewall.groupIds.database,
            restoreSnapshot: settings.restoreSnapshot,
            majorUpgrade: settings.majorUpgrade,
            kmsKey,
          },
          options,
        );
  const vault = new Vault(name, { secrets: settings.secrets, database, recoveryDays: keep ? 7 : 0, kmsKey }, options);
  // Said aloud, since an account may have it on by default: its metrics cost about 18 USD a month for a stack of this size,
  // and the one that is of use here, how many tasks run, the sentinel asks for itself.
  const cluster = new aws.ecs.Cluster(
    name,
    { name, settings: [{ name: 'containerInsights', value: 'disabled' }] },
    { provider, dependsOn: [claimed] },
  );
  const parts = [claimed, firewall, logs, image, ingress, database, vault, cluster, ...optional];
  return { accountId, network, firewall, image, ingress, database, vault, files, cluster, claimed, parts };
}
