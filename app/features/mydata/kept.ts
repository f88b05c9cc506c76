/**
 * Every table that holds a person: what /mydata shows of it, and what /forget does to it. A test finds those that are not
 * named here. A reason in place of `true` says why not; /mydata tells it in its own words.
 */
interface Kept {
  shown: true | string;
  forgotten: true | string;
}

const MONEY = 'money: what was paid and what it became has to be shown to who paid, and to the tax office';
const SHORT =
  'it is gone by itself after `database.retention.updates`, and is what keeps an update from being handled twice';

export const KEPT: Readonly<Record<string, Kept>> = {
  message: { shown: true, forgotten: true },
  answer: {
    shown: true,
    forgotten:
      "which of today's answers were free, and what the others cost; without it they would be free again. Gone by itself after `database.retention.updates`",
  },
  dialog: { shown: true, forgotten: true },
  tap: { shown: true, forgotten: true },
  person: {
    shown: true,
    forgotten: 'whom not to write to, how the others are spoken to, and when they were here last',
  },
  account: { shown: true, forgotten: MONEY },
  ledger_tx: { shown: true, forgotten: MONEY },
  ledger_entry: { shown: 'the same movements as ledger_tx, by account', forgotten: MONEY },
  reserve: { shown: true, forgotten: MONEY },
  purchase: { shown: true, forgotten: MONEY },
  payment: { shown: true, forgotten: MONEY },
  subscription: { shown: true, forgotten: MONEY },
  render: {
    shown: true,
    forgotten: 'its words go at once; that it was ordered, and for how many credits, is kept as money is',
  },
  access: { shown: true, forgotten: 'what was paid for and is used; and that a trial was had, which is once a person' },
  access_period: { shown: 'the payments of it are among the movements of money', forgotten: MONEY },
  download: { shown: true, forgotten: 'its link goes at once; how many there were in a day is kept for some days' },
  file_link: {
    shown: true,
    forgotten: 'its name goes at once and its link leads nowhere; the file itself goes when its link would have ended',
  },
  intent: {
    shown: 'what was wanted and is done once there are credits for it; gone after half an hour',
    forgotten: true,
  },
  star_transaction: { shown: "Telegram's own list of the same payments", forgotten: MONEY },
  inbox: { shown: true, forgotten: true },
  outbox: { shown: true, forgotten: true },
  lane: { shown: 'the number of the chat, while one of its updates is handled', forgotten: SHORT },
  broadcast_recipient: { shown: true, forgotten: true },
  audit: { shown: 'what people with a role did with money, for those who look after them', forgotten: MONEY },
};
