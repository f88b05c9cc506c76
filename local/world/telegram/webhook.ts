/** setWebhook, deleteWebhook, getWebhookInfo, and the delivery that they start and end. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Described } from './answers.ts';
import type { AllowedUpdates } from './allowed-updates.ts';
import { Delivery, type DeliveryContext, type DeliveryTarget } from './delivery/index.ts';
import { ApiError, badRequest, tooManyRequests } from './errors.ts';
import { flag, integer, text, type Params } from './params.ts';

/** At most one setWebhook in so many ms. */
const SET_EVERY = 1000;
/** Real time after which a host name counts as unresolvable, ms. */
const RESOLVE_WITHIN = 5000;

export class Webhook {
  readonly #context: Omit<DeliveryContext, 'onError'>;
  readonly #allowed: AllowedUpdates;
  readonly #onChange: () => void;
  #target: DeliveryTarget | undefined;
  #ipAddress = '';
  #delivery: Delivery | undefined;
  #nextSetAt = -Infinity;
  #stopped = false;
  #lastError: { date: number; message: string } | undefined;

  /** `onChange` is called when a webhook takes over from long polling. */
  constructor(context: Omit<DeliveryContext, 'onError'>, allowed: AllowedUpdates, onChange: () => void) {
    this.#context = context;
    this.#allowed = allowed;
    this.#onChange = onChange;
  }

  get active(): boolean {
    return this.#target !== undefined;
  }

  get lastError(): string | undefined {
    return this.#lastError?.message;
  }

  get inFlight(): number {
    return this.#delivery?.inFlight ?? 0;
  }

  get repeatsPending(): number {
    return this.#delivery?.repeatsPending ?? 0;
  }

  pump(): void {
    this.#delivery?.pump();
  }

  async set(params: Params): Promise<Described> {
    if (text(params, 'url') === '') return this.delete(params);
    this.#pace();
    const target = targetOf(params);
    const drop = flag(params, 'drop_pending_updates');
    if (!drop && this.#isSet(target)) {
      this.#allowed.update(params);
      return new Described(true, 'Webhook is already set');
    }
    validate(target);
    const ipAddress = text(params, 'ip_address') || (await resolve(new URL(target.url).hostname));
    if (this.#stopped) throw new ApiError(500, 'Internal Server Error: restart');
    await this.#close();
    if (drop) this.#context.queue.clear();
    this.#allowed.update(params);
    this.#target = target;
    this.#ipAddress = ipAddress;
    this.#lastError = undefined;
    const onError = (message: string) => {
      this.#lastError = { date: Math.floor(Date.now() / 1000), message };
    };
    this.#delivery = new Delivery(target, { ...this.#context, onError });
    this.#onChange();
    this.pump();
    return new Described(true, 'Webhook was set');
  }

  async delete(params: Params): Promise<Described> {
    const was = this.active;
    await this.#close();
    if (flag(params, 'drop_pending_updates')) this.#context.queue.clear();
    return new Described(true, was ? 'Webhook was deleted' : 'Webhook is already deleted');
  }

  info(): object {
    const allowed = this.#allowed.shown();
    return {
      url: this.#target?.url ?? '',
      has_custom_certificate: false,
      pending_update_count: this.#context.queue.size,
      ...(this.#lastError && { last_error_date: this.#lastError.date, last_error_message: this.#lastError.message }),
      ...(this.#target && { max_connections: this.#target.maxConnections, ip_address: this.#ipAddress }),
      ...(allowed && { allowed_updates: allowed }),
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#close();
  }

  #pace(): void {
    const now = this.#context.clock.now();
    if (now < this.#nextSetAt) throw tooManyRequests(1);
    this.#nextSetAt = now + SET_EVERY;
  }

  #isSet({ url, secret, maxConnections }: DeliveryTarget): boolean {
    const set = this.#target;
    return set?.url === url && set.secret === secret && set.maxConnections === maxConnections;
  }

  async #close(): Promise<void> {
    const delivery = this.#delivery;
    this.#target = undefined;
    this.#delivery = undefined;
    this.#lastError = undefined;
    await delivery?.close();
  }
}

function targetOf(params: Params): DeliveryTarget {
  return {
    url: text(params, 'url'),
    secret: text(params, 'secret_token'),
    maxConnections: integer(params, 'max_connections', 40, 1, 100),
  };
}

/** http is taken as well, as by a Bot API server run with --local. */
function validate({ url, secret }: DeliveryTarget): void {
  if (!URL.canParse(url) || !/^https?:\/\/[^/]/i.test(url)) throw badRequest('invalid webhook URL specified');
  if (secret.length > 256) throw badRequest('secret token is too long');
  if (!/^[\w-]*$/.test(secret)) throw badRequest('secret token contains unallowed characters');
}

async function resolve(hostname: string): Promise<string> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) return host;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), RESOLVE_WITHIN);
  });
  const found = await Promise.race([lookup(host, { family: 4 }).catch(() => undefined), tooLate]);
  clearTimeout(timer);
  if (!found) throw badRequest('bad webhook: Failed to resolve host: Name or service not known');
  return found.address;
}
