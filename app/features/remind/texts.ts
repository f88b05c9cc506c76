export const texts = {
  does: 'remind you of something',
  usage:
    'Write when and of what, for example:\n/remind 10m take the tea out\n\nTimes are minutes, hours or days: 10m, 2h, 1d; 30 days at most.',
  noted: (when: string) => `I will remind you in ${when}.`,
  due: (text: string) => `You asked me to remind you: ${text}`,
  units: { m: ['minute', 'minutes'], h: ['hour', 'hours'], d: ['day', 'days'] } as const,
};
