export const texts = {
  due: (text: string) => `You asked me to remind you: ${text}`,
};
