/** A certificate of ACM for the bot's domain, proven by a record in its Route 53 zone. Without charge; renewed by AWS. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface CertificateArgs {
  /** Host name, such as bot.example.com. */
  domain: string;
  /** Hosted zone that holds it, such as example.com. It must exist: a zone costs 0.50 USD a month. */
  zone: string;
}

export class Certificate extends pulumi.ComponentResource {
  /** Of the certificate once it is issued. */
  readonly arn: pulumi.Output<string>;
  readonly zoneId: pulumi.Output<string>;

  constructor(name: string, { domain, zone }: CertificateArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Certificate', name, {}, options);
    this.zoneId = aws.route53.getZoneOutput({ name: zone }, { parent: this }).zoneId;
    const certificate = new aws.acm.Certificate(
      name,
      { domainName: domain, validationMethod: 'DNS' },
      { parent: this },
    );
    const wanted = certificate.domainValidationOptions.apply((options) => options[0]!);
    const record = new aws.route53.Record(
      `${name}-validation`,
      {
        name: wanted.resourceRecordName,
        type: wanted.resourceRecordType,
        records: [wanted.resourceRecordValue],
        zoneId: this.zoneId,
        ttl: 60,
        allowOverwrite: true,
      },
      { parent: this },
    );
    this.arn = new aws.acm.CertificateValidation(
      name,
      { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] },
      { parent: this, customTimeouts: { create: '15m' } },
    ).certificateArn;
    this.registerOutputs({ arn: this.arn });
  }
}
