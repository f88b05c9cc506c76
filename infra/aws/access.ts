/**
 * As whom the deploy itself calls AWS, beside the provider: the migration's task is started, and a rollout is looked at,
 * in the very account that the resources are made in. Used inside dynamic resources: the AWS library is loaded where it
 * is used, because what a dynamic resource captures is written into the state.
 */

/** A role on the way to the stack's account, as `aws:assumeRoles` names it. */
export interface AssumedRole {
  roleArn: string;
  /** Asked for by roles of another organisation. */
  externalId?: string;
  /** How the caller is called in the account's trail. Default: "evenkeel". */
  sessionName?: string;
}

export interface Access {
  region: string;
  /** Named profile of the credentials. Default: the environment's. */
  profile?: string;
  /** Roles that are taken one after the other, from those credentials. Default: none. */
  assumeRoles?: AssumedRole[];
  /** Address of the AWS API, for tests. Default: AWS's own. */
  endpoint?: string;
}

/** Settings of an AWS client. */
export async function clientSettings({ region, profile, assumeRoles = [], endpoint }: Access) {
  const common = { region, ...(endpoint && { endpoint }), maxAttempts: 5 };
  if (assumeRoles.length === 0) return { ...common, ...(profile && { profile }) };
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  let credentials: ReturnType<typeof fromTemporaryCredentials> = fromNodeProviderChain(profile ? { profile } : {});
  for (const { roleArn, externalId, sessionName = 'evenkeel' } of assumeRoles)
    credentials = fromTemporaryCredentials({
      masterCredentials: credentials,
      params: { RoleArn: roleArn, RoleSessionName: sessionName, ...(externalId && { ExternalId: externalId }) },
      clientConfig: { region, ...(endpoint && { endpoint }) },
    });
  return { ...common, credentials };
}
