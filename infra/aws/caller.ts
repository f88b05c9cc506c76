/** As whom AWS knows us: STS GetCallerIdentity, which anybody may ask about themselves, signed as every request is. */
import { createHash, createHmac } from 'node:crypto';
import { clientSettings, type Access } from './access.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * Headers of a POST to the root of a service, signed (AWS, "Signature Version 4 signing process").
 * @param headers those that are signed, in lower case; `host` among them
 */
export function sign(
  headers: Readonly<Record<string, string>>,
  body: string,
  { service, region, at }: { service: string; region: string; at: Date },
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
): Record<string, string> {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const all: Record<string, string> = {
    ...headers,
    'x-amz-date': time,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(all).sort();
  const signed = names.join(';');
  const request = ['POST', '/', '', ...names.map((name) => `${name}:${all[name]!.trim()}`), '', signed, hash(body)];
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(request.join('\n'))].join('\n');
  const key = [region, service, 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${secretAccessKey}`, time.slice(0, 8)));
  const signature = hmac(key, text).toString('hex');
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

/**
 * The caller's ARN, such as `arn:aws:sts::123456789012:assumed-role/oncall/ada`.
 * @throws where there are no credentials, or AWS does not take them
 */
export async function callerArn(access: Access): Promise<string> {
  const { region, endpoint = process.env['AWS_ENDPOINT_URL_STS'] ?? process.env['AWS_ENDPOINT_URL'] } = access;
  const url = new URL(endpoint ?? `https://sts.${region}.amazonaws.com/`);
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const settings = await clientSettings(access);
  const provider =
    'credentials' in settings
      ? settings.credentials
      : fromNodeProviderChain(access.profile ? { profile: access.profile } : {});
  const headers = { host: url.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const signed = sign(headers, BODY, { service: 'sts', region, at: new Date() }, await provider());
  const { host: _host, ...sent } = signed;
  const answer = await fetch(url, { method: 'POST', headers: sent, body: BODY, signal: AbortSignal.timeout(15_000) });
  const text = await answer.text();
  const arn = /<Arn>([^<]+)<\/Arn>/.exec(text)?.[1];
  if (arn) return arn;
  const error = new Error(/<Message>([^<]+)<\/Message>/.exec(text)?.[1] ?? `STS answered ${answer.status}`);
  error.name = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? error.name;
  throw error;
}
