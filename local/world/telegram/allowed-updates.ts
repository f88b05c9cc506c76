/** Which types of update the bot wants (source: telegram-bot-api, get_allowed_update_types). */
import { UPDATE_TYPES } from '../../../posture/schema/edge.ts';
import { structure, type Params } from './params.ts';

/** Delivered only to who asks for them by name. */
const ON_REQUEST: readonly string[] = ['chat_member', 'message_reaction', 'message_reaction_count'];
const DEFAULT = new Set<string>(UPDATE_TYPES.filter((type) => !ON_REQUEST.includes(type)));

/** Kept over changes of the webhook: where a call does not name any, the former list goes on. */
export class AllowedUpdates {
  #types: ReadonlySet<string> = DEFAULT;

  has(type: string): boolean {
    return this.#types.has(type);
  }

  /** As getWebhookInfo shows it: only where it is not the default. */
  shown(): string[] | undefined {
    return same(this.#types, DEFAULT) ? undefined : [...this.#types];
  }

  /** Reads `allowed_updates`; unknown names are passed over, an empty list is the default. */
  update(params: Params): void {
    const given = structure(params, 'allowed_updates');
    if (!Array.isArray(given) || given.some((name) => typeof name !== 'string')) return;
    const names = new Set((given as string[]).map((name) => name.toLowerCase()));
    const known = UPDATE_TYPES.filter((type) => names.has(type));
    this.#types = known.length > 0 ? new Set(known) : DEFAULT;
  }
}

function same(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name));
}
