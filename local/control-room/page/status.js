/** One sentence about the whole, and a boat that heels as it worsens. */
import { h, setAttr, setText } from './dom.js';
import { activeFaults } from './faults.js';

const HEEL = { good: 0, info: 0, warn: 1, bad: 2 };

function verdict({ tasks = [], database, faults, queues }) {
  if (!database) return ['info', 'Connecting…'];
  if (database.state !== 'up') return ['bad', `Database ${database.state}`];
  if (tasks.length === 0) return ['info', 'No task runs yet'];
  const bad = tasks.filter(({ state, frozen }) => frozen || state === 'unhealthy' || state === 'stopped');
  if (bad.length > 0) {
    return bad.length === tasks.length
      ? ['bad', 'No task is healthy']
      : [
          'warn',
          bad.length === 1 ? `${bad[0].id} ${bad[0].frozen ? 'frozen' : bad[0].state}` : `${bad.length} tasks down`,
        ];
  }
  const open = tasks.some(({ health }) =>
    Object.values(health?.providers ?? {}).some(({ breaker }) => breaker !== 'closed'),
  );
  if (open) return ['warn', 'Breaker open'];
  const parked = Object.values(queues ?? {}).reduce((sum, queue) => sum + queue.parked, 0);
  if (parked > 0) return ['warn', `${parked} parked`];
  const moving = tasks.find(({ state }) => state === 'starting' || state === 'draining');
  if (moving) return ['info', `${moving.id} ${moving.state}`];
  const active = activeFaults(faults);
  if (active > 0) return ['warn', `${active} ${active === 1 ? 'fault' : 'faults'} on`];
  return ['good', 'Even keel'];
}

export function statusLine({ status, hull, stack, banner }) {
  const text = status.lastElementChild;
  return {
    update(state) {
      const [tone, words] = verdict(state);
      setAttr(status, 'data-tone', tone);
      setAttr(hull, 'data-heel', HEEL[tone]);
      setText(text, words);
      if (state.posture) {
        stack.hidden = false;
        setText(stack, state.posture.stack);
        stack.title = `Posture of stack ${state.posture.stack} (${state.posture.stage})`;
      }
    },
    link(alive) {
      document.body.classList.toggle('away', !alive);
      if (banner.hidden !== alive) {
        banner.hidden = alive;
        banner.replaceChildren(...(alive ? [] : [h('span', {}, 'Connection lost. Reconnecting…')]));
      }
    },
  };
}
