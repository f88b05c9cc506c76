/** What all containers have in common: limits as declared, no rights, a log that ends, a stop that drains. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { MiB } from '../../posture/limits.ts';

export interface Limits {
  /** Bytes. There is no swap beside it: at the limit a task is killed, as on Fargate. */
  memory: number;
  /** CPU units; 1024 is one. */
  cpu: number;
  /** Open files. */
  nofile: number;
  /** SIGTERM to SIGKILL, ms. */
  stopTimeout: number;
}

export interface ContainerArgs {
  image: pulumi.Input<string>;
  network: pulumi.Input<string>;
  /** Name under which other containers reach it; several may share one. */
  alias: string;
  command: pulumi.Input<string[]>;
  env: Record<string, pulumi.Input<string>>;
  limits: Limits;
}

/** Environment as Docker wants it, in one order on every machine: another order would be a change. */
const envs = (env: Record<string, pulumi.Input<string>>): pulumi.Output<string>[] =>
  Object.entries(env)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => pulumi.interpolate`${key}=${value}`);

const seconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

/** A duration as Docker says it back: `1m30s`, never `90s`, which every preview would show as a change. */
export function dockerDuration(milliseconds: number): string {
  const all = seconds(milliseconds);
  const parts = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const first = parts.findIndex((part) => part > 0);
  return first < 0 ? '0s' : parts.map((part, index) => (index < first ? '' : `${part}${'hms'[index]}`)).join('');
}

/** CPUs as the Docker provider reads them back: `2.0`, never `2`, for which every preview would replace the container. */
export function dockerCpus(units: number): string {
  const cpus = units / 1024;
  return Number.isInteger(cpus) ? cpus.toFixed(1) : String(cpus);
}

/** Arguments of a container; what one of them has beside these is added by its own file. */
export function container(args: ContainerArgs): docker.ContainerArgs {
  const { limits } = args;
  const memory = Math.floor(limits.memory / MiB);
  return {
    image: args.image,
    command: args.command,
    envs: envs(args.env),
    networksAdvanced: [{ name: args.network, aliases: [args.alias] }],
    memory,
    // Both, or Docker sets the second by itself and every preview shows a change.
    memorySwap: memory,
    cpus: dockerCpus(limits.cpu),
    ulimits: [{ name: 'nofile', soft: limits.nofile, hard: limits.nofile }],
    stopTimeout: seconds(limits.stopTimeout),
    destroyGraceSeconds: seconds(limits.stopTimeout),
    restart: 'unless-stopped',
    securityOpts: ['no-new-privileges:true'],
    logDriver: 'json-file',
    logOpts: { 'max-size': '10m', 'max-file': '3' },
  };
}

/**
 * For containers of ours, which write nothing: a read-only root, /tmp in memory, no capabilities; and an init as process 1,
 * so that a SIGTERM in Node's first moments ends it, as in the cloud (fault reload-in-prod).
 */
export const sealed = {
  init: true,
  readOnly: true,
  tmpfs: { '/tmp': 'rw,noexec,nosuid,size=64m' },
  capabilities: { drops: ['ALL'] },
} satisfies Partial<docker.ContainerArgs>;

/** A port on loopback, chosen by Docker: a second stack or another program is never in the way. */
export const published = (internal: number): pulumi.Input<docker.types.input.ContainerPort>[] => [
  { internal, ip: '127.0.0.1', protocol: 'tcp' },
];

/** Address on this machine of the port that {@link published} made. */
export const addressOf = ({ ports }: docker.Container): pulumi.Output<string> =>
  ports.apply((list) => `http://127.0.0.1:${list?.[0]?.external}`);

/** Health check by HTTP with the Node of the image itself: any answer below 500 will do. */
export function answersAt(url: pulumi.Input<string>, interval: number, timeout: number) {
  const ask = pulumi.interpolate`fetch('${url}',{signal:AbortSignal.timeout(${timeout})}).then(r=>process.exit(r.status<500?0:1),()=>process.exit(1))`;
  return {
    // Without the heap options of the process that it asks.
    tests: ['CMD', 'env', '-u', 'NODE_OPTIONS', 'node', '-e', ask],
    interval: dockerDuration(interval),
    timeout: dockerDuration(timeout + 1000),
    retries: 3,
  };
}
