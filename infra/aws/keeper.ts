/** What a destroy would have to delete first, and in production may not. */
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { Posture } from '../../posture/schema/index.ts';

/**
 * Leans on everything else, so that a destroy comes to it before it comes to anything that serves. In production it is
 * protected: `pulumi destroy --skip-preview` too is refused with nothing deleted. The protection of the database alone
 * is only met after webhook, services and alarms are gone.
 *
 * It is no resource of anybody's cloud, and nothing that an update would ever replace: a protected service or
 * distribution could not be replaced where another entrance or another bot asks for it.
 */
export function keeper(name: string, { stage }: Posture, everything: pulumi.Resource[]): void {
  new random.RandomId(`${name}-keeper`, { byteLength: 4 }, { dependsOn: everything, protect: stage === 'production' });
}
