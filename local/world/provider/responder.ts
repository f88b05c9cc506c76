/** Answers that make a demonstration pleasant: always the same for the same conversation, and showing what was given. */
import type { Turn } from './request.ts';

const OPENINGS = ['Good question.', 'Happy to help.', 'Let me think aloud.', 'Sure.', 'Glad you ask.'];
const THOUGHTS = [
  'The short of it: write down what must hold, then let every part of the system read that one declaration.',
  'I would start with the smallest case that could fail, and only then make it general.',
  'Two things matter here: what may never be lost, and how soon somebody notices.',
  'It usually comes down to where the truth is kept and who is allowed to change it.',
];
const LISTS = [
  ['Say what you want to hold', 'Measure whether it does', 'Decide who is told when it does not'],
  ['Keep the part that works', 'Replace the part that surprises you', 'Write down why'],
  ['Make it durable first', 'Make it fast second', 'Make it pretty while you wait'],
];
const SNIPPETS = [
  '```js\nconst kept = updates.filter((update) => stored.has(update.id));\nconsole.log(kept.length === updates.length);\n```',
  '```sql\nselect chat, count(*) from updates\n where handled is null\n group by chat;\n```',
];
/** Longest quotation of the question, characters. */
const QUOTE = 120;

/** The answer to the last thing that the user said, given all before it. */
export function respond(turns: readonly Turn[]): string {
  const last = turns.findLastIndex((turn) => turn.role === 'user');
  const question = turns[last]?.text.trim() ?? '';
  const before = turns.slice(0, Math.max(0, last)).filter((turn) => turn.role === 'user' || turn.role === 'assistant');
  const seed = hash(question);
  return [
    `${smallTalk(question) ?? `${pick(OPENINGS, seed)} You asked: “${quote(question)}”`}`,
    ...body(question, seed),
    memory(before),
  ].join('\n\n');
}

function smallTalk(question: string): string | undefined {
  if (/^(hi|hello|hey|good (morning|evening)|hallo|привет)\b/i.test(question))
    return `Hello! You wrote: “${quote(question)}” What shall we talk about?`;
  if (/\b(thanks|thank you|спасибо)\b/i.test(question)) return `You are welcome. You wrote: “${quote(question)}”`;
  return undefined;
}

function body(question: string, seed: number): string[] {
  if (/\b(code|snippet|script|sql|function|example)\b/i.test(question))
    return ['Something like this:', pick(SNIPPETS, seed)];
  if (/\b(list|steps|how|ways|ideas|plan)\b/i.test(question) || seed % 5 === 0)
    return [
      pick(THOUGHTS, seed),
      pick(LISTS, seed)
        .map((item) => `- ${item}`)
        .join('\n'),
    ];
  return smallTalk(question) === undefined ? [pick(THOUGHTS, seed)] : [];
}

function memory(before: readonly Turn[]): string {
  if (before.length === 0) return 'This is the start of our conversation.';
  const earlier = before.find((turn) => turn.role === 'user');
  const began = earlier ? `; it began with “${quote(earlier.text.trim(), 40)}”` : '';
  return `I remember ${before.length} earlier message${before.length === 1 ? '' : 's'}${began}.`;
}

function quote(text: string, most = QUOTE): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
}

/** FNV-1a, 32 bits: the same choice for the same text. */
function hash(text: string): number {
  let value = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01_00_01_93);
  return value >>> 0;
}

function pick<T>(choices: readonly T[], seed: number): T {
  return choices[(seed >>> 4) % choices.length]!;
}
