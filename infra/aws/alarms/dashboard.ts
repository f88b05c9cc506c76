/** The dashboard: a graph for each metric that an alarm reads, with the alarm's threshold drawn on it. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { alarms, SENTINEL, type Alarm, type Severity } from '../../../posture/alarms/index.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { cloudMetric, type Watched } from './metric.ts';

export interface DashboardArgs {
  /** Name of the dashboard. Three are free, each further one costs 3 USD a month. */
  dashboardName: string;
  posture: Posture;
  watched: Watched;
  region: string;
  /** ARNs of the alarms, by id: shown at the top with their state. */
  alarmArns: Record<string, pulumi.Input<string>>;
}

const COLUMNS = 24;
const GRAPH = { width: 8, height: 6 };
const TITLE_HEIGHT = 1;
const STATES_HEIGHT = 6;
const COLOUR: Record<Severity, string> = { page: '#d62728', ticket: '#ff7f0e' };

/** The sentinel counts tasks as well: those graphs belong to the tasks. */
const seenOutside = ({ metric }: Alarm): boolean =>
  metric.namespace === SENTINEL && !metric.dimensions.some((part) => part.startsWith('role:'));

/** Sections in the order in which an incident is read: users first, then what stands below them. */
const SECTIONS: [title: string, has: (alarm: Alarm) => boolean][] = [
  ['Users: what waits', ({ metric }) => metric.dimensions.some((part) => part.startsWith('queue:'))],
  ['Outside: Telegram and the bot, seen by the sentinel', seenOutside],
  ['Providers', ({ metric }) => metric.dimensions.some((part) => part.startsWith('provider:'))],
  ['Way in: load balancer', ({ metric }) => metric.namespace === 'AWS/ApplicationELB'],
  ['Database', ({ metric }) => metric.dimensions.includes('database')],
  ['Tasks', () => true],
];

interface Widget {
  type: 'text' | 'alarm' | 'metric';
  x: number;
  y: number;
  width: number;
  height: number;
  properties: unknown;
}

/** Alarms by section, each alarm in the first that has it. */
function sections(list: readonly Alarm[]): [string, Alarm[]][] {
  const left = new Set(list);
  return SECTIONS.map(([title, has]) => {
    const members = [...left].filter(has);
    for (const alarm of members) left.delete(alarm);
    return [title, members];
  });
}

/** Alarms that read the same metric with the same statistic share a graph. */
function graphs(list: readonly Alarm[]): Alarm[][] {
  const groups = new Map<string, Alarm[]>();
  for (const alarm of list) {
    const key = JSON.stringify([alarm.metric, alarm.statistic]);
    groups.set(key, [...(groups.get(key) ?? []), alarm]);
  }
  return [...groups.values()];
}

function graph(members: readonly Alarm[], { watched, region }: DashboardArgs): unknown {
  const first = members[0]!;
  const { namespace, metricName, dimensions } = cloudMetric(first, watched);
  const named = Object.entries(dimensions).flat();
  return {
    title: members.map(({ id }) => id).join(', '),
    view: 'timeSeries',
    region,
    stat: first.statistic,
    period: first.period,
    yAxis: { left: { min: 0, label: first.unit, showUnits: false } },
    metrics: [[namespace, metricName, ...named]],
    annotations: { horizontal: members.map(threshold) },
  };
}

/** The line, and the side of it that is bad. */
const threshold = ({ id, severity, comparison, threshold: value }: Alarm): unknown => ({
  label: `${severity}: ${id} ${comparison} ${value}`,
  value,
  fill: comparison.startsWith('>') ? 'above' : 'below',
  color: COLOUR[severity],
});

/** All widgets, laid out from top to bottom. */
function widgets(args: DashboardArgs): Widget[] {
  const list = alarms(args.posture);
  const states = {
    title: 'Alarms: an alarm has a runbook of its name under docs/runbooks',
    alarms: list.map(({ id }) => args.alarmArns[id]),
    sortBy: 'stateUpdatedTimestamp',
  };
  const all: Widget[] = [{ type: 'alarm', x: 0, y: 0, width: COLUMNS, height: STATES_HEIGHT, properties: states }];
  let y = STATES_HEIGHT;
  for (const [title, members] of sections(list)) {
    if (members.length === 0) continue;
    const properties = { markdown: `## ${title}` };
    all.push({ type: 'text', x: 0, y, width: COLUMNS, height: TITLE_HEIGHT, properties });
    y += TITLE_HEIGHT;
    const drawn = graphs(members);
    const perRow = COLUMNS / GRAPH.width;
    drawn.forEach((group, index) =>
      all.push({
        type: 'metric',
        x: (index % perRow) * GRAPH.width,
        y: y + Math.floor(index / perRow) * GRAPH.height,
        ...GRAPH,
        properties: graph(group, args),
      }),
    );
    y += Math.ceil(drawn.length / perRow) * GRAPH.height;
  }
  return all;
}

export class Dashboard extends pulumi.ComponentResource {
  readonly url: string;

  constructor(name: string, args: DashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Dashboard', name, {}, options);
    const { region, dashboardName } = args;
    new aws.cloudwatch.Dashboard(
      name,
      { dashboardName, dashboardBody: pulumi.jsonStringify({ widgets: widgets(args) }) },
      { parent: this },
    );
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
    this.registerOutputs({ url: this.url });
  }
}
