/** What a provider has told of a payment, once it is in the inbox. */
import { storedCallback } from '../../intake/callbacks/index.ts';
import type { UpdateHandler } from '../../lanes/update.ts';
import { Hopeless } from '../../outcome.ts';

/** One whose provider no client is there for is parked, with every byte: it is money, and a person must see it. */
export const callbacks = (): UpdateHandler => async (turn) => {
  const { source } = storedCallback(turn.update);
  throw new Hopeless(`a callback of ${source}, and nothing here asks ${source} what it means`);
};
