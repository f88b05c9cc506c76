/** A Telegram text with its entities as nodes. Offsets are UTF-16 code units, which are JavaScript's own. */
import { h } from './dom.js';

const TAGS = {
  bold: 'strong',
  italic: 'em',
  underline: 'u',
  strikethrough: 's',
  code: 'code',
  blockquote: 'blockquote',
  expandable_blockquote: 'blockquote',
};
const SAFE = /^(https?|tg|mailto|tel):/i;

function link(url, children) {
  // javascript: and data: never become links, whatever the bot sends.
  if (!SAFE.test(url)) return h('span', {}, ...children);
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);
}

function spoiler(children) {
  const node = h('span', { class: 'spoiler', role: 'button', tabindex: '0', 'aria-label': 'Hidden text, show' });
  node.append(h('span', { class: 'spoiler-text', 'aria-hidden': 'true' }, ...children));
  const show = () => {
    node.classList.add('shown');
    for (const name of ['role', 'tabindex', 'aria-label']) node.removeAttribute(name);
    node.firstChild.removeAttribute('aria-hidden');
  };
  node.addEventListener('click', show);
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    show();
  });
  return node;
}

function wrap(entity, text, children, onCommand) {
  switch (entity.type) {
    case 'pre':
      return h(
        'pre',
        { tabindex: '0', data: entity.language ? { language: entity.language } : {} },
        h('code', {}, ...children),
      );
    case 'spoiler':
      return spoiler(children);
    case 'text_link':
      return link(entity.url ?? '', children);
    case 'url':
      return link(/^[a-z]+:/i.test(text) ? text : `https://${text}`, children);
    case 'email':
      return link(`mailto:${text}`, children);
    case 'phone_number':
      return link(`tel:${text.replace(/[^+\d]/g, '')}`, children);
    case 'bot_command':
      return h('button', { type: 'button', class: 'command', on: { click: () => onCommand(text) } }, ...children);
    case 'mention':
    case 'text_mention':
    case 'hashtag':
    case 'cashtag':
      return h('span', { class: 'mention' }, ...children);
    default:
      return TAGS[entity.type] ? h(TAGS[entity.type], {}, ...children) : h('span', {}, ...children);
  }
}

/** Blocks bring their own line breaks: the one that Telegram's text has on either side of them is not drawn again. */
const BLOCKS = new Set(['pre', 'blockquote', 'expandable_blockquote']);

/** Nodes of text[from, to) under entities sorted outermost first. An entity that crosses its neighbour is cut there. */
function build(text, from, to, entities, onCommand) {
  const nodes = [];
  let at = from;
  while (entities.length > 0) {
    const [entity, ...rest] = entities;
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    const inner = rest.filter((other) => other.offset < end);
    entities = rest
      .filter((other) => other.offset + other.length > end)
      .map((other) => {
        const cut = Math.max(other.offset, end);
        return { ...other, offset: cut, length: other.offset + other.length - cut };
      });
    if (end <= start) continue;
    const block = BLOCKS.has(entity.type);
    const before = text.slice(at, start);
    if (before) nodes.push(block ? before.replace(/\n$/, '') : before);
    nodes.push(wrap(entity, text.slice(start, end), build(text, start, end, inner, onCommand), onCommand));
    at = block && end < to && text[end] === '\n' ? end + 1 : end;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

/** The message's text as nodes; `onCommand` is called with a bot command that was clicked. */
export function markup(text, entities, onCommand) {
  const sorted = entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  return build(text, 0, text.length, sorted, onCommand);
}
