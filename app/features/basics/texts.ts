export const texts = {
  start: (name: string) =>
    `<b>Hello${name ? `, ${name}` : ''}!</b>\n\nWrite to me and I answer. I remember what we talked about until you ask me to forget it.`,
  help: (others: readonly { name: string; does: string }[]) =>
    [
      '<b>What I can do</b>',
      '',
      'Write me anything, and I answer.',
      '/start – say hello',
      '/help – this list',
      ...others.map(({ name, does }) => `/${name} – ${does}`),
    ].join('\n'),
  buttons: { help: 'What can you do?' },
  nothingForSale: 'There is nothing for sale here yet. You have not been charged.',
  unknownCommand: 'I do not know that command. /help lists those I know.',
};
