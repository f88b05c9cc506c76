/** What the chosen chat's person was asked to pay in crypto: here they pay it, or do what people and chains do instead. */
import { h, keyed, setAttr, setText } from './dom.js';
import { following } from './follow.js';
import { post } from './live.js';
import { attempt } from './toast.js';

/** What has come to somebody's use, what is on its way, and what nothing comes of any more. */
const TONES = {
  paid: 'good',
  finished: 'good',
  partially_paid: 'warn',
  confirming: 'warn',
  failed: 'bad',
  expired: 'bad',
};
const NAMES = { cryptoPay: 'Crypto Pay', nowPayments: 'NOWPayments' };

function bill(first, act) {
  const status = h('span', { class: 'pill' });
  const deeds = h('div', { class: 'toggles' });
  const node = h(
    'li',
    { class: 'bill', data: { bill: `${first.payer}-${first.id}` } },
    h(
      'div',
      { class: 'bill-head' },
      h('strong', {}, first.due),
      status,
      h('span', { class: 'bill-payer muted' }, NAMES[first.payer]),
    ),
    deeds,
  );
  const show = keyed(deeds, ([name, label]) => {
    const button = h('button', { type: 'button', class: 'act act-plain act-bill' }, label);
    button.addEventListener('click', () => act(first, name));
    return { node: button, update: () => undefined };
  });
  return {
    node,
    update(next) {
      setText(status, next.status.replaceAll('_', ' '));
      setAttr(status, 'data-tone', TONES[next.status] ?? 'info');
      show(Object.entries(next.deeds), ([name]) => name);
    },
  };
}

export function billsCard() {
  const list = h('ul', { class: 'bills' });
  const empty = h('p', { class: 'muted' }, 'Nothing was asked for yet: write /topup and choose a way to pay.');
  const node = h(
    'article',
    { class: 'card bills-card', 'aria-label': 'Crypto' },
    h('header', {}, h('h2', {}, 'Crypto')),
    empty,
    list,
  );
  const show = keyed(list, (first) =>
    bill(first, async ({ payer, id }, deed) => {
      await attempt(() => post('/api/bills', { chatId: chat().id, payer, id, deed }));
      await look();
    }),
  );
  const { chat, follow, look } = following({
    node,
    url: (id) => `/api/bills/${id}`,
    answered(bills) {
      empty.hidden = bills.length > 0;
      show(bills, (one) => `${one.payer}-${one.id}`);
    },
  });
  return { node, follow, look };
}
