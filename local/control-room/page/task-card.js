/** One supervised process: how it is, what it holds of its limits, and what can be done to it. */
import { h, setAttr, setText } from './dom.js';
import { count, mebibytes, millis, seconds } from './format.js';
import { post } from './live.js';
import { meter } from './meter.js';
import { attempt } from './toast.js';

const TONES = { starting: 'info', healthy: 'good', unhealthy: 'bad', draining: 'warn', stopped: 'bad' };
const LAG_WARN_MS = 100;

const signal = (id, name) => void attempt(() => post(`/api/tasks/${encodeURIComponent(id)}/kill`, { signal: name }));

/** Signals go to whichever task is in the place when they are sent. */
function controls() {
  let now;
  // Told as disabled and not made so: a button that is loses the keyboard's focus, and this one is soon of use again.
  const isOver = () => now.pid === undefined || now.state === 'stopped' || now.killAt !== undefined;
  const send = (name) => void (isOver() || signal(now.id, name));
  const act = (text, title, name) => {
    const node = h('button', { type: 'button', class: 'act', title }, text);
    node.addEventListener('click', () => send(name));
    return { node, text };
  };
  const kill = act('Kill', 'SIGKILL: ends at once, whatever it is doing', 'SIGKILL');
  const drain = act('Drain', 'SIGTERM: finishes what it accepted, then ends', 'SIGTERM');
  const freeze = h('button', { type: 'button', class: 'act' });
  freeze.addEventListener('click', () => send(now.frozen ? 'SIGCONT' : 'SIGSTOP'));
  const group = h('div', { class: 'acts', role: 'group' }, kill.node, drain.node, freeze);
  return {
    node: group,
    update(task) {
      now = task;
      const { id, frozen } = task;
      setAttr(group, 'aria-label', `Signals to ${id}`);
      for (const { node, text } of [kill, drain]) setAttr(node, 'aria-label', `${text} ${id}`);
      setText(freeze, frozen ? 'Thaw' : 'Freeze');
      setAttr(freeze, 'aria-label', `${frozen ? 'Thaw' : 'Freeze'} ${id}`);
      setAttr(
        freeze,
        'title',
        frozen ? 'SIGCONT: goes on where it stood' : 'SIGSTOP: stands still, as a hung host does',
      );
      for (const node of [kill.node, drain.node, freeze]) setAttr(node, 'aria-disabled', isOver());
    },
  };
}

/** Of a task that is in a place beside the one that serves there. */
function besides({ id, state, frozen, killAt }) {
  if (killAt === undefined) return `${id} is ${state}: takes this place when it is healthy`;
  const left = Math.max(0, Math.round((killAt - Date.now()) / 1000));
  return `${id} ${frozen ? 'stands still' : 'leaves'}: SIGKILL in ${left} s${frozen ? '' : ' at the latest'}`;
}

/** What the meters of a task show; the same rows whether or not its health is known, so that nothing jumps. */
function readings(task, posture) {
  const { health } = task;
  const pool = health?.pool;
  const rows = {
    Pool: pool && {
      used: pool.total - pool.idle,
      held: pool.total,
      max: pool.max,
      text: `${pool.total - pool.idle} / ${pool.total} / ${pool.max}`,
      level: pool.waiting > 0 ? 'bad' : '',
    },
    Memory: health && {
      used: health.memory.rss,
      max: posture?.[task.role]?.memory ?? health.memory.heapLimit,
      text: `${mebibytes(health.memory.rss)} / ${mebibytes(posture?.[task.role]?.memory ?? health.memory.heapLimit)} MiB`,
    },
  };
  if (task.role === 'web') {
    const intake = health?.intake;
    rows['In flight'] = intake && {
      used: intake.inFlight,
      max: intake.maxInFlight,
      text: `${intake.inFlight} / ${intake.maxInFlight}`,
    };
    return rows;
  }
  if (task.role === 'media') {
    const jobs = Object.values(health?.jobs ?? {});
    const sum = (read) => jobs.reduce((total, queue) => total + read(queue), 0);
    const [active, capacity] = [sum((queue) => queue.active), sum((queue) => queue.capacity)];
    rows['Jobs'] = health && { used: active, max: capacity, text: `${active} / ${capacity}` };
    return rows;
  }
  const lanes = health?.lanes ?? {};
  const { chat, ...others } = lanes;
  const show = (lane) => lane && { used: lane.active, max: lane.capacity, text: `${lane.active} / ${lane.capacity}` };
  rows['Chat lanes'] = show(chat);
  rows['Checkouts'] = show(others.preCheckout);
  rows['Payments'] = show(others.payment);
  return rows;
}

/** @param slot the place: `worker-1` */
export function taskCard(slot) {
  const state = h('span', { class: 'pill' });
  const facts = h('p', { class: 'facts' });
  const note = h('p', { class: 'task-note' });
  const meters = new Map();
  const rows = h('div', { class: 'meters' });
  const others = h('ul', { class: 'task-others' });
  const name = document.createTextNode('');
  const act = controls();
  const node = h(
    'article',
    { class: 'task', 'aria-label': `Task ${slot}`, data: { slot } },
    h('header', {}, h('h3', {}, h('span', { class: 'dot', 'aria-hidden': 'true' }), name), state),
    facts,
    rows,
    note,
    others,
    act.node,
  );

  function update(now, posture, beside) {
    setText(name, now.id);
    setAttr(node, 'data-task', now.id);
    setAttr(node, 'data-role', now.role);
    others.hidden = beside.length === 0;
    others.replaceChildren(...beside.map((task) => h('li', {}, besides(task))));
    const tone = now.frozen ? 'warn' : TONES[now.state];
    const word = now.frozen ? 'frozen' : now.state;
    setAttr(node, 'data-tone', tone);
    setText(state, word);
    const up = now.health && !now.frozen ? seconds(now.health.uptimeSeconds) : '–';
    setText(facts, `pid ${now.pid ?? '–'} · up ${up} · ${now.restarts} ${now.restarts === 1 ? 'restart' : 'restarts'}`);
    for (const [label, reading] of Object.entries(readings(now, posture))) {
      if (!meters.has(label)) {
        const made = meter(label);
        if (label === 'Pool') made.node.title = 'Connections in use / open / allowed';
        meters.set(label, made);
        rows.append(made.node);
      }
      meters.get(label).update(reading);
    }
    const waiting = now.health?.pool.waiting ?? 0;
    const lag = now.health?.eventLoop.p99;
    const why = now.health?.reasons[0] ?? (now.state === 'stopped' ? now.lastExit : undefined);
    const usual = now.health
      ? `loop p99 ${millis(lag)} · ${count(waiting)} waiting for the pool`
      : 'health not known yet';
    setText(note, why ?? usual);
    setAttr(note, 'data-tone', why ? tone : waiting > 0 || lag > LAG_WARN_MS ? 'warn' : '');
    act.update(now);
  }
  return { node, update };
}
