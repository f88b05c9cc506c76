/** Joins the stream of events to the three panes. */
import { billsCard } from './bills.js';
import { chatPane } from './chat.js';
import { deskLinks } from './desk-link.js';
import { faultsPanel } from './faults.js';
import { ledgerCard } from './ledger.js';
import { firstMinute } from './first-minute.js';
import { follow } from './live.js';
import { logPanel } from './log.js';
import { oncallCard } from './oncall.js';
import { posturePane } from './posture.js';
import { statusLine } from './status.js';
import { viewSwitch } from './switch.js';

/** Two minutes of sparklines, one sample a second. */
const SAMPLES = 120;
const byId = (id) => document.getElementById(id);

const views = viewSwitch(byId('switch'));
const desk = deskLinks([byId('desk-link'), views.desk]);
const ledger = ledgerCard();
const bills = billsCard();
const chat = chatPane(byId('chat'), {
  onUnread: () => views.unread(),
  onBills() {
    views.choose('faults');
    bills.node.scrollIntoView({ block: 'start' });
    bills.node.querySelector('.bill:last-child button')?.focus();
  },
  onChoose(room) {
    ledger.follow(room);
    bills.follow(room);
  },
});
const posture = posturePane(byId('posture'));
const guide = firstMinute();
byId('posture').prepend(guide.node);
const faults = faultsPanel();
const oncall = oncallCard();
const log = logPanel();
// What happens stands beside what is done, in sight.
byId('faults').replaceChildren(faults.node, log.node, oncall.node, bills.node, ledger.node);
const status = statusLine({ status: byId('status'), hull: byId('hull'), stack: byId('stack'), banner: byId('banner') });

/** All that is known: the sections as they were last sent, the posture's numbers, the samples. */
const state = { samples: [] };

function show() {
  posture.update(state);
  faults.update(state);
  oncall.update(state);
  status.update(state);
  guide.update(state);
  if (state.telegram?.pending === 0) chat.stored();
}

follow({
  link: (alive) => status.link(alive),
  snapshot({ posture: numbers, rooms, bot, sections, samples, log: entries, hasLedger, hasBills, hasDesk }) {
    desk.show(hasDesk);
    posture.switches.show(hasDesk);
    ledger.node.hidden = !hasLedger;
    bills.node.hidden = !hasBills;
    Object.assign(state, sections, { posture: numbers, samples });
    chat.reset({ rooms, bot });
    log.reset(entries);
    show();
  },
  change(sections) {
    Object.assign(state, sections);
    show();
  },
  sample(sample) {
    state.samples = [...state.samples, sample].slice(-SAMPLES);
    posture.sample(state);
  },
  room: (room) => chat.open(room),
  message(event) {
    chat.message(event);
    guide.message(event.message);
    void ledger.look();
    void bills.look();
  },
  deleted: (event) => chat.deleted(event),
  typing: (event) => chat.typing(event),
  draft: (event) => chat.draft(event),
  'callback-answer': (event) => chat.answerTap(event),
  log(entry) {
    log.add(entry);
    guide.log(entry);
  },
});
