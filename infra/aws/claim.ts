/** That the names of a stack are this stack's. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

/**
 * A parameter of the stack's name, without charge. AWS refuses to make it a second time, while it takes a cluster, a topic,
 * an alarm or a dashboard of a name that is there for a change of it: a stack whose state was lost, or lies in another
 * backend, would rewrite what a running bot is watched by. So those are made after it.
 */
export const claim = (name: string, options: pulumi.CustomResourceOptions): aws.ssm.Parameter =>
  new aws.ssm.Parameter(
    `${name}-claim`,
    {
      name: `/evenkeel/${name}`,
      type: 'String',
      value: name,
      overwrite: false,
      description: 'Holds the names of this stack: another of the same name is refused',
    },
    options,
  );

/** Lets whatever is in a component wait for a resource: what a component itself depends on, its parts do not. */
export const after =
  (resource: pulumi.Resource): pulumi.ResourceTransformation =>
  ({ props, opts }) => ({ props, opts: pulumi.mergeOptions(opts, { dependsOn: [resource] }) });
