/** A look and what follows from it, as log lines: what both the Lambda and the process do each time. */
import { embeddedMetrics } from '../contract/metric.ts';
import { silentAtZero } from '../posture/alarms/silent.ts';
import type { Posture } from '../posture/schema/index.ts';
import { judge, remarks, type Declared } from './judge.ts';
import { look, type Look } from './look.ts';
import type { CountTasks } from './tasks.ts';

export interface SentinelOptions {
  posture: Posture;
  /** Name of the stack, a dimension of every metric. */
  stack: string;
  publicUrl: string;
  telegramApiRoot: string;
  botToken: string;
  operatorToken: string;
  /** Counts the bot's tasks. Default: none are counted. */
  countTasks?: CountTasks | undefined;
}

export interface Report {
  look: Look;
  /** Lines for stdout, without line ends. */
  lines: string[];
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

/** Looks once. Never throws; takes at most `sentinel.timeout`. */
export async function watch(options: SentinelOptions, signal?: AbortSignal): Promise<Report> {
  const { posture, stack, botToken, operatorToken } = options;
  const declared: Declared = { posture, publicUrl: withoutSlash(options.publicUrl) };
  const seen = await look({
    telegramApiRoot: withoutSlash(options.telegramApiRoot),
    botToken,
    publicUrl: declared.publicUrl,
    operatorToken,
    countTasks: options.countTasks,
    timeout: posture.sentinel.timeout,
    ...(signal ? { signal } : {}),
  });
  const now = Date.now();
  const words = remarks(seen, declared).map((msg) =>
    JSON.stringify({ level: 'warn', time: new Date(now).toISOString(), role: 'sentinel', msg }),
  );
  return {
    look: seen,
    lines: [...embeddedMetrics(judge(seen, declared, now), stack, now, silentAtZero(posture)), ...words],
  };
}
