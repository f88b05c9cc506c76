/** Kill switches: what the posture has on, what people have switched off, who and why; and whether every process obeys. */
import { confirmDeed } from './confirm.js';
import { h, keyed, setAttr, setText } from './dom.js';
import { ago, moment } from './format.js';

const EVERY_MS = 2_000;
const SECTIONS = [
  ['features', 'Features'],
  ['work', 'Jobs'],
  ['schedules', 'By the clock'],
];

function row(first, turn) {
  const label = first.name.split('.').at(-1);
  const toggle = h('button', {
    type: 'button',
    role: 'switch',
    class: 'switch-toggle',
    'aria-label': first.name,
    data: { flag: first.name },
  });
  toggle.append(h('i', { class: 'knob', 'aria-hidden': 'true' }));
  const state = h('span', { class: 'pill' });
  const note = h('p', { class: 'switch-note' });
  const node = h(
    'li',
    { class: 'switch-row' },
    toggle,
    h('div', { class: 'switch-name' }, h('strong', {}, label), state),
    h('p', { class: 'switch-does', title: first.does }, first.does),
    note,
  );
  let now = first;
  toggle.addEventListener('click', () => void turn(now));

  return {
    node,
    update(next) {
      now = next;
      const { posture, flag, since, by, reason, obeying, of } = next;
      const isOn = posture && flag;
      setAttr(toggle, 'aria-checked', isOn);
      toggle.disabled = !posture;
      // Why it is off stands there: all of it.
      setAttr(node, 'data-posture', posture ? 'on' : 'off');
      const waits = of > 0 && obeying < of;
      setAttr(state, 'data-tone', isOn ? (waits ? 'warn' : 'good') : posture ? 'bad' : 'info');
      const word = isOn ? 'on' : posture ? 'off' : 'off in the posture';
      setText(state, waits && posture ? `${word}: ${obeying} of ${of} processes` : word);
      const how = posture
        ? ''
        : `No flag turns it on. Set ${next.section === 'features' ? 'features.' : ''}${next.name} in the posture.`;
      const who = since === null ? '' : `${flag ? 'On again' : 'Off'} ${ago(since)} by ${by}: ${reason}`;
      setText(note, [who, how].filter(Boolean).join(' · '));
      note.title = since === null ? '' : moment(since);
      note.hidden = !note.textContent;
    },
  };
}

/** Processes that have told their flags, and those whose word on this one is the database's. */
function obeyed({ name, flag }, tasks) {
  const told = tasks.flatMap(({ health }) => (health?.flags?.[name] ? [health.flags[name]] : []));
  return { of: told.length, obeying: told.filter((one) => one.flag === flag).length };
}

export function switchesCard() {
  const lists = SECTIONS.map(([section, title]) => {
    const list = h('ul', { class: 'switch-list' });
    return { section, list, node: h('section', { 'aria-label': title }, h('h3', {}, title), list) };
  });
  const summary = h('span', { class: 'muted' });
  const node = h(
    'article',
    { class: 'card switches', 'aria-label': 'Switches', hidden: true },
    h('header', {}, h('h2', {}, 'Switches'), summary),
    h(
      'p',
      { class: 'muted' },
      'Off: nothing of it can be begun, in every process within 5 s. What was begun ends, and what was paid is booked.',
    ),
    ...lists.map((one) => one.node),
  );
  let kinds;
  let switches = [];
  let tasks = [];
  let asking = false;

  async function turn({ name, flag }) {
    kinds ??= await (await fetch('/api/desk/kinds')).json();
    const deed = flag ? 'off' : 'on';
    confirmDeed({
      about: { kind: 'flag', deed, ids: [name] },
      deed: kinds.flag.deeds[deed],
      title: name,
      done: look,
    });
  }
  const shows = lists.map(({ section, list }) => ({ section, show: keyed(list, (one) => row(one, turn)) }));

  function draw() {
    const all = switches.map((one) => ({ ...one, ...obeyed(one, tasks) }));
    for (const { section, show } of shows)
      show(
        all.filter((one) => one.section === section),
        ({ name }) => name,
      );
    const off = all.filter(({ posture, flag }) => posture && !flag).length;
    setText(summary, off === 0 ? 'nothing is switched off' : `${off} switched off`);
  }

  async function look() {
    if (asking || document.hidden || node.hidden) return;
    asking = true;
    try {
      const response = await fetch('/api/flags');
      if (!response.ok) return;
      switches = await response.json();
      draw();
    } catch {
      // The banner says that the control room is away.
    } finally {
      asking = false;
    }
  }
  setInterval(look, EVERY_MS);

  return {
    node,
    /** Whether this control room may switch. */
    show(has) {
      node.hidden = !has;
      void look();
    },
    update(state) {
      tasks = (state.tasks ?? []).filter(({ frozen }) => !frozen);
      draw();
    },
  };
}
