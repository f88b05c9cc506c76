/** A stack's month, and beside it the same stack as it is usually built. */
import { setPath, type Stack } from '../stack-file.ts';
import { resolve } from '../../posture/resolve.ts';
import { declared, type Declared } from './declared.ts';
import { hasInsights, insightsPrice, lines, taskPrice, total, type Line } from './lines.ts';
import { ADDRESS, HOURS, PRICES_OF } from './prices.ts';

export interface Estimate {
  prices: typeof PRICES_OF;
  /** Region of the stack; the prices are of another where it differs. */
  region: string;
  lines: Line[];
  /** USD a month. */
  total: number;
  beside: { what: string; amount: number }[];
}

/** The same posture behind NAT gateways, and with Container Insights. */
async function plain(stack: Stack, resources: readonly Declared[]): Promise<number> {
  const values = setPath(stack.values, 'network.egress=nat');
  const behindNat =
    stack.posture.network.egress === 'public'
      ? await declared({ ...stack, values, posture: resolve(values) })
      : resources;
  const insights = hasInsights(behindNat) ? 0 : insightsPrice(behindNat).amount;
  return total(lines(behindNat)) + insights;
}

/** @throws {pulumi.RunError} what the program refuses */
export async function estimate(stack: Stack): Promise<Estimate> {
  const resources = await declared(stack);
  const bill = lines(resources);
  const { web, worker, network } = stack.posture;
  const address = network.egress === 'public' ? ADDRESS * HOURS : 0;
  const more = (['web', 'worker'] as const).map((role) => taskPrice(resources, role) + address);
  const [webTask = 0, workerTask = 0] = more;
  const most =
    total(bill) + (web.tasks.max - web.tasks.min) * webTask + (worker.tasks.max - worker.tasks.min) * workerTask;
  return {
    prices: PRICES_OF,
    region: (stack.config['aws:region'] as string | undefined) ?? PRICES_OF.region,
    lines: bill,
    total: total(bill),
    beside: [
      {
        what: 'the same with NAT gateways and Container Insights, as it is often built',
        amount: await plain(stack, resources),
      },
      { what: 'the same with as many tasks as autoscaling may reach, all month', amount: most },
      { what: 'each web task that autoscaling adds', amount: webTask },
      { what: 'each worker task that autoscaling adds', amount: workerTask },
    ],
  };
}
