/** The text of posture/commands.json: what the features offer, in the form that oxfmt leaves as it is. */
import { offeredCommands } from '../../app/features/index.ts';

export const commandsText = (): string => `${JSON.stringify(offeredCommands(), null, 2)}\n`;
