/** How a policy of this pack is written: what it says, and which resources of which types break it. */
import type {
  PolicyConfigSchema,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from '@pulumi/policy';

export type Props = Record<string, unknown>;

/** What is wrong with a resource, one line each: which value, and what it should be. */
export type Check = (props: Props, args: ResourceValidationArgs) => string[];

interface Rule {
  name: string;
  /** One sentence that says what must hold, and why. */
  description: string;
  /** By Pulumi type. */
  checks: Record<string, Check>;
  configSchema?: PolicyConfigSchema;
}

export function rule({ name, description, checks, configSchema }: Rule): ResourceValidationPolicy {
  return {
    name,
    description,
    ...(configSchema && { configSchema }),
    validateResource: (args, report) => {
      if (!Object.hasOwn(checks, args.type)) return;
      for (const problem of checks[args.type]!(args.props as Props, args)) report(problem);
    },
  };
}

/** Over all resources at once; a violation names the resource that it is about. */
export type StackCheck = (
  resources: readonly PolicyResource[],
  violate: (problem: string, urn: string) => void,
  config: Props,
) => void;

export const stackRule = (
  name: string,
  description: string,
  check: StackCheck,
  configSchema?: PolicyConfigSchema,
): StackValidationPolicy => ({
  name,
  description,
  ...(configSchema && { configSchema }),
  validateStack: (args, report: ReportViolation) =>
    check(args.resources, report, configSchema ? args.getConfig<Props>() : {}),
});

/** One text as a list, a list as it is, nothing as an empty list. */
export const list = (value: unknown): unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

/** A JSON document that an argument holds as text. */
export function parseJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

/** The resources that a property of another was made from; known in a preview too, when their ids are not. */
export const madeFrom = (resource: PolicyResource, property: string): string[] =>
  (resource.propertyDependencies[property] ?? []).map(({ urn }) => urn);
