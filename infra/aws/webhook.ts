/**
 * The Telegram webhook as a resource of the deployment: set by `up`, compared by `refresh`, deleted only by `destroy`.
 * Tasks never touch it, so no restart opens a gap (faults webhook-race, webhook-mismatch).
 */
import * as pulumi from '@pulumi/pulumi';
import { codeChanged } from './code-changed.ts';
import type { InputsOf } from './inputs.ts';
import { deliveredTypes, establish, remove, webhookInfo, type WebhookInputs } from './webhook-api.ts';

const botId = (token: string): string => token.split(':')[0] ?? '';
const types = (list: string[] = []): string => [...list].sort().join();

/** Exported for its tests; use {@link Webhook}. */
export const webhookProvider: pulumi.dynamic.ResourceProvider<WebhookInputs, WebhookInputs> = {
  async create(inputs) {
    await establish(inputs);
    return { id: `webhook-${botId(inputs.token)}`, outs: inputs };
  },
  /** Sets it over the one that stands: Telegram changes from one to the other without a moment between. */
  async update(_id, _olds, news) {
    await establish(news);
    return { outs: news };
  },
  /**
   * Never throws: it asks with the token of the state, and a revoked one must not stop the refresh of a stack, nor may an
   * outage of Telegram. What could not be asked counts as not set, and the next `up` sets it with the token of the day.
   */
  async read(id, props) {
    const inputs = props as WebhookInputs;
    try {
      const info = await webhookInfo(inputs);
      const found = {
        url: info.url,
        maxConnections: info.max_connections ?? 0,
        allowedUpdates: deliveredTypes(info),
      };
      return { id, props: { ...inputs, ...found } };
    } catch (error) {
      console.log(`The webhook is not known, and the next up sets it: ${(error as Error).message}`);
      return { id, props: { ...inputs, url: '' } };
    }
  },
  async diff(_id, olds, news) {
    const changes =
      olds.apiRoot !== news.apiRoot ||
      olds.token !== news.token ||
      olds.url !== news.url ||
      olds.secret !== news.secret ||
      olds.maxConnections !== news.maxConnections ||
      types(olds.allowedUpdates) !== types(news.allowedUpdates) ||
      codeChanged(olds, news);
    // Another bot has a webhook of its own: that is set first, then the old bot's is taken away.
    const otherBot = olds.apiRoot !== news.apiRoot || botId(olds.token) !== botId(news.token);
    return { changes, replaces: otherBot ? ['token'] : [], deleteBeforeReplace: false };
  },
  async delete(_id, props) {
    await remove(props);
  },
};

export type WebhookArgs = InputsOf<WebhookInputs>;

export class Webhook extends pulumi.dynamic.Resource {
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: WebhookArgs, options?: pulumi.CustomResourceOptions) {
    super(
      webhookProvider,
      name,
      { ...args },
      { ...options, additionalSecretOutputs: ['token', 'secret'] },
      'evenkeel',
      'Webhook',
    );
  }
}
