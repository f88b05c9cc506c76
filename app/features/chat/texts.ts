export const texts = {
  system: 'You are a helpful assistant in a Telegram chat. Answer briefly, in plain text, in the language of the user.',
  away: 'I cannot think clearly right now. Please try again in a minute; I have kept your message.',
  refused: 'I cannot answer that one. Please try to put it differently.',
  forget: {
    does: 'forget our conversation',
    button: 'Forget our conversation',
    done: 'Done. I have forgotten our conversation.',
  },
};
