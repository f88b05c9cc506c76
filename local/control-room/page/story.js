/** What became of one message: a dialog that follows it until nothing more will happen. */
import { h, setText } from './dom.js';
import { millis, timeOfDay } from './format.js';
import { post } from './live.js';

const AGAIN_MS = 1_000;

function stepItem({ at, who, text, level }, since) {
  return h(
    'li',
    { data: { tone: level } },
    h('time', { datetime: new Date(at).toISOString(), title: timeOfDay(at) }, `+${millis(Math.max(0, at - since))}`),
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    h('span', {}, h('strong', {}, who), ` ${text}`),
  );
}

/** @param message {chatId, messageId} of a user's message */
export function openStory(message) {
  const steps = h('ol', { class: 'log story-steps', tabindex: '0', 'aria-label': 'Steps', 'aria-live': 'polite' });
  const state = h('p', { class: 'muted', role: 'status' }, 'Looking…');
  const close = h('button', { type: 'button', class: 'button', on: { click: () => box.close() } }, 'Close');
  const box = h(
    'dialog',
    { class: 'confirm story-box', 'aria-label': 'What became of this message' },
    h(
      'div',
      { class: 'confirm-form' },
      h('h2', {}, 'What became of this message'),
      state,
      steps,
      h('div', { class: 'confirm-acts' }, close),
    ),
  );
  let again;
  box.addEventListener('close', () => {
    clearTimeout(again);
    box.remove();
  });

  async function look() {
    let wait = AGAIN_MS;
    try {
      const story = await post('/api/story', message);
      const since = story.steps[0]?.at ?? 0;
      const shown = JSON.stringify(story.steps);
      if (shown !== steps.dataset.shown) {
        steps.dataset.shown = shown;
        steps.replaceChildren(...story.steps.map((step) => stepItem(step, since)));
      }
      const took = story.steps.length > 0 ? story.steps.at(-1).at - since : 0;
      setText(state, `Update ${story.updateId}: ${story.isOver ? `over after ${millis(took)}` : 'under way'}`);
      // What comes late, such as a repeat of Telegram's, is still of interest.
      if (story.isOver) wait *= 3;
    } catch (error) {
      setText(state, error.message);
    }
    if (box.open) again = setTimeout(look, wait);
  }

  document.body.append(box);
  box.showModal();
  close.focus();
  void look();
}
