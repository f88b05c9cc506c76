/** ECS and CloudWatch Logs as far as the deploy calls them: services are those that the stand-in made, tasks end as told. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Undo } from '../harness/cleanup.ts';

export interface Clouds {
  endpoint: string;
  /** How the next migrations end. */
  exitCode: number;
  /** Task definition that ECS runs instead of the wanted one, by service: a deploy that was taken back. */
  runs: Record<string, string>;
  /** Services that somebody deleted. */
  gone: Set<string>;
  /** How often a migration was started. */
  migrations: number;
  /** What the providers did, a JSON line each. */
  log(): string[];
}

export async function startClouds(undo: Undo, state: string): Promise<Clouds> {
  const clouds: Clouds = {
    endpoint: '',
    exitCode: 0,
    runs: {},
    gone: new Set(),
    migrations: 0,
    log: () => (existsSync(join(state, 'log')) ? readFileSync(join(state, 'log'), 'utf8').trim().split('\n') : []),
  };
  const made = () => JSON.parse(readFileSync(join(state, 'services.json'), 'utf8')) as Record<string, string>;
  const actions: Record<string, (body: Record<string, unknown>) => object> = {
    RunTask: () => {
      clouds.migrations++;
      return { tasks: [{ taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/evenkeel-prod/1' }], failures: [] };
    },
    DescribeTasks: () => ({
      tasks: [{ lastStatus: 'STOPPED', containers: [{ name: 'migrate', exitCode: clouds.exitCode }] }],
    }),
    GetLogEvents: () => ({ events: [{ message: 'relation "x" already exists', timestamp: 1 }] }),
    DescribeServices: ({ services }) => ({
      services: (services as string[])
        .filter((service) => !clouds.gone.has(service))
        .map((service) => ({
          deployments: [
            { status: 'PRIMARY', taskDefinition: clouds.runs[service] ?? made()[service], rolloutState: 'COMPLETED' },
          ],
          events: [],
        })),
    }),
  };
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const action = String(request.headers['x-amz-target']).split('.').at(-1)!;
      const answer = actions[action]?.(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      response.writeHead(answer ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer ?? { __type: 'UnknownOperationException', message: action }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo(() => {
    server.closeAllConnections();
    server.close();
  });
  clouds.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return clouds;
}
