/** What the on-call chat reads of a notification: from an alarm, from RDS, from a failed deployment, or plain. */
import { z } from 'zod';

/** Longest text of a Telegram message. */
const MAX_TEXT = 4096;

const alarm = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().nullish(),
  OldStateValue: z.string().optional(),
  NewStateValue: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
  NewStateReason: z.string(),
  StateChangeTime: z.string(),
});

const databaseEvent = z.object({ 'Event Message': z.string(), 'Source ID': z.string() });

const cloudEvent = z.object({
  'detail-type': z.string(),
  resources: z.array(z.string()).default([]),
  detail: z.object({ eventName: z.string().optional(), reason: z.string().optional() }),
});

const SIGN = { ALARM: '🔴', OK: '🟢', INSUFFICIENT_DATA: '⚪' } as const;

/** The text for a notification's `Message`; undefined for the end of what had never begun, as of each alarm at its birth. */
export function messageOf(message: string): string | undefined {
  const value = parse(message);
  if (neverRang(value)) return undefined;
  const text = ofAlarm(value) ?? ofDatabase(value) ?? ofCloud(value) ?? message;
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

function neverRang(value: unknown): boolean {
  const { data } = alarm.safeParse(value);
  return data?.NewStateValue === 'OK' && data.OldStateValue === 'INSUFFICIENT_DATA';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function ofAlarm(value: unknown): string | undefined {
  const { data } = alarm.safeParse(value);
  if (!data) return undefined;
  const title = `${SIGN[data.NewStateValue]} ${data.NewStateValue} ${data.AlarmName}`;
  const lines = [title, data.AlarmDescription, '', data.NewStateReason, data.StateChangeTime];
  // What was wrong is known by now; that it is over is the news.
  return data.NewStateValue === 'OK' ? title : lines.filter((line) => line !== undefined && line !== null).join('\n');
}

function ofDatabase(value: unknown): string | undefined {
  const { data } = databaseEvent.safeParse(value);
  return data && `🗄 ${data['Source ID']}: ${data['Event Message']}`;
}

function ofCloud(value: unknown): string | undefined {
  const { data } = cloudEvent.safeParse(value);
  if (!data) return undefined;
  const { eventName, reason } = data.detail;
  return [`⚙️ ${data['detail-type']}: ${eventName ?? ''}`.trimEnd(), ...data.resources, reason]
    .filter(Boolean)
    .join('\n');
}
