/** A PostgreSQL that is there already: only its roles are ours. */
import * as pulumi from '@pulumi/pulumi';
import { ofRoles } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { passwordOf, type DatabaseServer, type Login } from './database.ts';
import { DATABASE_PORT } from './firewall.ts';
import { password } from './secrets.ts';

export interface ForeignDatabaseArgs {
  /** `evenkeel:databaseUrl`: of whoever may create roles in it, secret. */
  url: pulumi.Output<string>;
  /** Which tasks there are. */
  posture: Posture;
}

/** Port of a server, from its address: no secret, though the address has one in it. */
export const portOf = (url: string): number => Number(new URL(url).port) || DATABASE_PORT;

export class ForeignDatabase extends pulumi.ComponentResource implements DatabaseServer {
  /** What alarms and events of RDS would go by: nothing does. */
  readonly identifier = undefined;
  readonly instance = undefined;
  readonly passwords: DatabaseServer['passwords'];
  readonly #url: pulumi.Output<string>;

  constructor(name: string, { url, posture }: ForeignDatabaseArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:ForeignDatabase', name, {}, options);
    const own = { parent: this };
    this.#url = url;
    // The names that they have beside a server of our own: who moves from one to the other keeps the passwords.
    this.passwords = {
      owner: password(`${name}-schema-owner`, own),
      ...ofRoles(posture, (role) => password(`${name}-${role}`, own)),
      operator: password(`${name}-operator`, own),
    };
    this.registerOutputs({});
  }

  /** The address that was given, with another login: host, database and TLS stay as they stand there. */
  url(login: Login): pulumi.Output<string> {
    if (login === 'master') return pulumi.secret(this.#url);
    return pulumi.secret(
      pulumi.all([this.#url, passwordOf(this.passwords, login)]).apply(([given, secret]) => {
        const url = new URL(given);
        url.username = login;
        url.password = secret;
        return url.href;
      }),
    );
  }
}
