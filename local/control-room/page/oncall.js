/** The alarms as on-call would have them: what is open, what is about to ring, and what was told. */
import { h, keyed, setAttr, setText } from './dom.js';
import { timeOfDay } from './format.js';

const runbookOf = ({ id, runbook }) =>
  h('a', { href: `/${runbook}`, target: '_blank', rel: 'noopener', 'aria-label': `Runbook of ${id}` }, 'Runbook');

/** One that rings, with its reason in CloudWatch's words. */
function openRow(alarm) {
  const since = h('time', { datetime: new Date(alarm.at).toISOString() }, timeOfDay(alarm.at));
  const reason = h('p', { class: 'muted oncall-reason' }, alarm.reason);
  const head = h('p', {}, h('b', {}, alarm.severity), ' ', since, ' ', alarm.title);
  return {
    node: h(
      'li',
      { data: { tone: alarm.severity === 'page' ? 'bad' : 'warn', alarm: alarm.id } },
      head,
      reason,
      runbookOf(alarm),
    ),
    update: (now) => setText(reason, now.reason),
  };
}

function risingRow(alarm) {
  const words = h('span', {});
  return {
    node: h('li', { data: { rising: alarm.id } }, words),
    update: ({ severity, title, breaching, datapoints }) =>
      setText(words, `${breaching} of ${datapoints} minutes towards a ${severity}: ${title}`),
  };
}

function noticeRow({ at, severity, title, isOver }) {
  const words = isOver ? `over: ${title}` : `${severity}: ${title}`;
  return {
    node: h(
      'li',
      { data: { tone: isOver ? 'good' : severity === 'page' ? 'bad' : 'warn' } },
      h('time', { datetime: new Date(at).toISOString() }, timeOfDay(at)),
      h('span', { class: 'dot', 'aria-hidden': 'true' }),
      h('span', {}, words),
    ),
    update: () => undefined,
  };
}

export function oncallCard() {
  const summary = h('p', { class: 'muted', role: 'status' });
  const lists = { open: h('ol', { class: 'oncall-open' }), rising: h('ol', { class: 'oncall-rising' }) };
  const notices = h('ol', { class: 'log', tabindex: '0', 'aria-label': 'What on-call was told, newest first' });
  const node = h(
    'article',
    { class: 'card oncall', 'aria-labelledby': 'oncall-title', hidden: true },
    h('header', {}, h('h2', { id: 'oncall-title' }, 'On call')),
    summary,
    lists.open,
    lists.rising,
    notices,
  );
  const show = {
    open: keyed(lists.open, openRow),
    rising: keyed(lists.rising, risingRow),
    notices: keyed(notices, noticeRow),
  };
  return {
    node,
    update({ oncall }) {
      node.hidden = !oncall;
      if (!oncall) return;
      const { open, rising, watched, elsewhere } = oncall;
      const pages = open.filter(({ severity }) => severity === 'page').length;
      const words =
        open.length === 0
          ? 'Nothing rings.'
          : `${pages} ${pages === 1 ? 'page' : 'pages'} and ${open.length - pages} ${open.length - pages === 1 ? 'ticket' : 'tickets'} open.`;
      setText(
        summary,
        `${words} ${watched - elsewhere} of ${watched} alarms can ring here; AWS alone measures for the rest.`,
      );
      setAttr(node, 'data-tone', pages > 0 ? 'bad' : open.length > 0 ? 'warn' : '');
      show.open(open, ({ id, at }) => `${id} ${at}`);
      show.rising(rising, ({ id }) => id);
      show.notices(oncall.notices, ({ id, at, isOver }) => `${id} ${at} ${isOver}`);
      for (const list of [lists.open, lists.rising, notices]) list.hidden = list.childElementCount === 0;
    },
  };
}
