/** Applies policies to resources as the engine would, without it. */
import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from '@pulumi/policy';

export interface Resource {
  type: string;
  name: string;
  props: Record<string, unknown>;
  urn: string;
  /** URNs by property. */
  madeFrom?: (property: string) => string[];
  provider?: Record<string, unknown>;
}

type Schema = NonNullable<ResourceValidationPolicy['configSchema']>;

/** Values of a policy's configuration: what is given, else the schema's defaults. */
function configOf(schema: Schema | undefined, given: Record<string, unknown>): Record<string, unknown> {
  const defaults = Object.entries(schema?.properties ?? {}).map(([key, value]) => [
    key,
    (value as { default?: unknown }).default,
  ]);
  return { ...(Object.fromEntries(defaults) as Record<string, unknown>), ...given };
}

/** Violations of one resource. */
export function violations(
  policy: ResourceValidationPolicy,
  resource: Resource,
  config: Record<string, unknown> = {},
): string[] {
  const found: string[] = [];
  const { type, name, urn, props, provider } = resource;
  const args = {
    type,
    name,
    urn,
    props,
    provider: provider && { props: provider },
    getConfig: () => configOf(policy.configSchema, config),
  } as unknown as ResourceValidationArgs;
  const [validate] = [policy.validateResource].flat();
  void validate?.(args, (message) => found.push(message));
  return found;
}

/** Violations over all resources, as `name: problem`. */
export function stackViolations(
  policy: StackValidationPolicy,
  resources: readonly Resource[],
  config: Record<string, unknown> = {},
): string[] {
  const byUrn = new Map<string, PolicyResource>();
  for (const { type, name, urn, props } of resources)
    byUrn.set(urn, { type, name, urn, props, propertyDependencies: {} } as unknown as PolicyResource);
  for (const { urn, madeFrom } of resources) {
    if (!madeFrom) continue;
    const found = (property: string) => madeFrom(property).flatMap((one) => byUrn.get(one) ?? []);
    const dependencies = new Proxy({}, { get: (_target, property) => found(String(property)) });
    Object.assign(byUrn.get(urn)!, { propertyDependencies: dependencies });
  }
  const found: string[] = [];
  const args = {
    resources: [...byUrn.values()],
    getConfig: () => configOf(policy.configSchema, config),
  } as unknown as StackValidationArgs;
  void policy.validateStack(args, (message, urn) => found.push(`${byUrn.get(urn ?? '')?.name}: ${message}`));
  return found;
}

export const resource = (type: string, props: Record<string, unknown>, over: Partial<Resource> = {}): Resource => ({
  type,
  name: 'it',
  urn: `urn:${type}:${over.name ?? 'it'}`,
  props,
  ...over,
});
