/** What the AI writes, Markdown, as Telegram shows it. */
export { closed } from './chunks.ts';
export { beginningOf, join, plain, splitFormatted, type Formatted } from './formatted.ts';
export { asTelegram } from './html.ts';
export { fromMarkdown } from './read.ts';
