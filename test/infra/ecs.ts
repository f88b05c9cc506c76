/** A stand-in for the parts of ECS, CloudWatch Logs and STS that the deploy calls: over HTTP, scripted by the test. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Call {
  action: string;
  body: Record<string, unknown>;
  /** Key by which the call was signed. */
  key: string | undefined;
}

/** Answers of an action in turn; the last one stays. One with `__type` is a refusal. */
export type Script = Record<string, object[]>;

/** STS speaks XML, and hands out a new key each time. */
const assumed = (number: number): string => `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult><Credentials>
    <AccessKeyId>key-${number}</AccessKeyId><SecretAccessKey>nothing</SecretAccessKey><SessionToken>none</SessionToken>
    <Expiration>2099-01-01T00:00:00Z</Expiration>
  </Credentials></AssumeRoleResult>
</AssumeRoleResponse>`;

/** Starts it. The AWS library finds credentials of nobody in the environment until the test ends. */
export async function startEcs(t: TestContext, script: Script): Promise<{ endpoint: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const key = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1];
      const before = (action: string) => calls.filter((call) => call.action === action).length;
      if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
        const { Action = '', ...body } = Object.fromEntries(new URLSearchParams(text));
        calls.push({ action: Action, body, key });
        response.writeHead(200, { 'content-type': 'text/xml' }).end(assumed(before(Action)));
        return;
      }
      const action = String(request.headers['x-amz-target']).split('.').at(-1)!;
      const answers = script[action] ?? [];
      const answer = answers[Math.min(before(action), answers.length - 1)];
      calls.push({ action, body: JSON.parse(text) as Record<string, unknown>, key });
      response.writeHead(answer && !('__type' in answer) ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
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
