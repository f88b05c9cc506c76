/** What of the outside is simulated: read by whoever shows it, or breaks it. */
import type { SimulatedAccess } from './access.ts';
import type { SimulatedMedia } from './media.ts';
import type { SimulatedNovita } from './novita.ts';
import type { SimulatedObjects } from './objects.ts';
import type { SimulatedPayers } from './payers.ts';
import type { SimulatedProvider } from './provider.ts';
import type { SimulatedTelegram } from './telegram.ts';

export interface Simulated {
  /** Absent when the bot speaks to the real Telegram. */
  telegram: SimulatedTelegram | undefined;
  /** Absent when the bot speaks to a real AI provider. */
  provider: SimulatedProvider | undefined;
  /** Absent when the bot speaks to the real Novita, or to none. */
  novita?: SimulatedNovita | undefined;
  /** Absent when the bot speaks to a real access provider, or to none. */
  access?: SimulatedAccess | undefined;
  /** Absent when the bot fetches from real websites alone. */
  media?: SimulatedMedia | undefined;
  /** Absent when files that are too large for a chat go to a real object store, or nowhere. */
  objects?: SimulatedObjects | undefined;
  /** Providers of payments that are simulated. */
  payers: SimulatedPayers;
}
