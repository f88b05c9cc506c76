/**
 * Secrets: from Pulumi's encrypted configuration, or made here, into Secrets Manager; into a container by `valueFrom`.
 *
 * The reference carries the version. So a rotated secret is a new task definition, which rolls out as any other change
 * does (health checks, circuit breaker, rollback), and a rollback brings back the secret that its tasks were started with.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { sealedBy } from './key.ts';

export interface ManagedSecretArgs {
  /** The values by name; outputs that Pulumi keeps encrypted in its state. */
  values: Record<string, pulumi.Input<string>>;
  /** What it is for, shown in the console. */
  description: string;
  /**
   * Days in which a deleted secret can be restored. 7 for a production stack, 0 (gone at once) for others.
   * A secret costs 0.40 USD a month, whatever the number of values in it.
   */
  recoveryDays: 0 | 7;
  /** ARN of the key that encrypts it. Default: AWS's own. */
  kmsKey: string | undefined;
}

/** Values that one task or function is given, together as one JSON object: each is read by its name. */
export class ManagedSecret extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  /** `valueFrom` of a container definition by name: the ARN, the value in it, and this very version. */
  readonly valueFrom: Record<string, pulumi.Output<string>>;
  /** Changes whenever one of the values does. */
  readonly versionId: pulumi.Output<string>;
  /** What must exist before a task can be started with it. */
  readonly version: pulumi.Resource;

  constructor(name: string, args: ManagedSecretArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:ManagedSecret', name, {}, options);
    const secret = new aws.secretsmanager.Secret(
      name,
      { description: args.description, recoveryWindowInDays: args.recoveryDays, ...sealedBy(args.kmsKey) },
      { parent: this },
    );
    const version = new aws.secretsmanager.SecretVersion(
      name,
      { secretId: secret.id, secretString: pulumi.secret(pulumi.jsonStringify(args.values)) },
      { parent: this },
    );
    this.arn = secret.arn;
    this.version = version;
    this.versionId = version.versionId;
    // arn:json-key:version-stage:version-id (ECS, "Pass Secrets Manager secrets through environment variables")
    this.valueFrom = Object.fromEntries(
      Object.keys(args.values).map((key) => [key, pulumi.interpolate`${secret.arn}:${key}::${version.versionId}`]),
    );
    this.registerOutputs({});
  }
}

/** A password of letters and digits alone: it stands in a URL and in a header without escapes. 32 of them are 190 bits. */
export const password = (name: string, options: pulumi.CustomResourceOptions): pulumi.Output<string> =>
  pulumi.secret(new random.RandomPassword(name, { length: 32, special: false }, options).result);
