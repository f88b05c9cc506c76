/** A stand-in for the parts of ECS and CloudWatch Logs that the deploy calls: JSON over HTTP, scripted by the test. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Call {
  action: string;
  body: Record<string, unknown>;
}

/** Answers of an action in turn; the last one stays. */
export type Script = Record<string, object[]>;

/** Starts it. The AWS library finds credentials of nobody in the environment until the test ends. */
export async function startEcs(t: TestContext, script: Script): Promise<{ endpoint: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const action = String(request.headers['x-amz-target']).split('.').at(-1)!;
      const before = calls.filter((call) => call.action === action).length;
      calls.push({ action, body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> });
      const answers = script[action] ?? [];
      const answer = answers[Math.min(before, answers.length - 1)];
      response.writeHead(answer ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer ?? { __type: 'ResourceNotFoundException', message: `no ${action} here` }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const saved = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' });
  t.after(() => {
    process.env = saved;
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}
