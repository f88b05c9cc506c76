/**
 * Metrics as CloudWatch reads them out of a log: the embedded metric format. So nothing here needs an SDK, a permission
 * or a connection, and where there is no CloudWatch the same lines are plain structured logs.
 */
export type Unit = 'Count' | 'Seconds' | 'Percent' | 'None';

export interface Metric {
  namespace: string;
  name: string;
  value: number;
  unit: Unit;
  /** Beside the stack, which every metric has. */
  dimensions: Record<string, string>;
}

/**
 * One log line for each set of dimensions. `at` in ms.
 * @param silent metrics whose zeros stand in the line and are no metric: the bill counts a metric's hours
 */
export function embeddedMetrics(
  metrics: readonly Metric[],
  stack: string,
  at: number,
  silent: (metric: Metric) => boolean = () => false,
): string[] {
  const groups = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const key = JSON.stringify([metric.namespace, Object.entries(metric.dimensions)]);
    groups.set(key, [...(groups.get(key) ?? []), metric]);
  }
  return [...groups.values()].map((group) => line(group, stack, at, silent));
}

function line(group: readonly Metric[], stack: string, at: number, silent: (metric: Metric) => boolean): string {
  const { namespace, dimensions } = group[0]!;
  const all = { Stack: stack, ...dimensions };
  const told = group.filter((metric) => metric.value !== 0 || !silent(metric));
  return JSON.stringify({
    ...(told.length > 0 && {
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [Object.keys(all)],
            Metrics: told.map(({ name, unit }) => ({ Name: name, Unit: unit })),
          },
        ],
      },
    }),
    ...all,
    ...Object.fromEntries(group.map(({ name, value }) => [name, value])),
  });
}
