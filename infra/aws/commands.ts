/**
 * The bot's menu of commands as a resource of the deployment: set by `up`, compared by `refresh`, taken away only by
 * `destroy`. It follows from the features that the posture has switched on.
 */
import * as pulumi from '@pulumi/pulumi';
import { codeChanged } from './code-changed.ts';
import { asText, establish, found, remove, type CommandsInputs } from './commands-api.ts';
import type { InputsOf } from './inputs.ts';
import { WRONG_TOKEN } from './telegram-api.ts';

const botId = (token: string): string => token.split(':')[0] ?? '';

/** Exported for its tests; use {@link Commands}. */
export const commandsProvider: pulumi.dynamic.ResourceProvider<CommandsInputs, CommandsInputs> = {
  async create(inputs) {
    await establish(inputs);
    return { id: `commands-${botId(inputs.token)}`, outs: inputs };
  },
  async update(_id, olds, news) {
    await establish(news, olds.menus);
    return { outs: news };
  },
  /** Never throws, as the webhook's: what could not be asked counts as not set. */
  async read(id, props) {
    const { menus, ...bot } = props as CommandsInputs;
    try {
      return { id, props: { ...bot, menus: await found(bot, menus) } };
    } catch (error) {
      console.log(`The menu of commands is not known, and the next up sets it: ${(error as Error).message}`);
      return { id, props: { ...bot, menus: menus.map((menu) => ({ ...menu, commands: [] })) } };
    }
  },
  async diff(_id, olds, news) {
    const changes =
      olds.apiRoot !== news.apiRoot ||
      olds.token !== news.token ||
      asText(olds.menus) !== asText(news.menus) ||
      codeChanged(olds, news);
    const otherBot = olds.apiRoot !== news.apiRoot || botId(olds.token) !== botId(news.token);
    return { changes, replaces: otherBot ? ['token'] : [], deleteBeforeReplace: false };
  },
  async delete(_id, props) {
    try {
      await remove(props);
    } catch (error) {
      // A token that is no longer valid has no menu.
      if (!(error as Error).message.includes(WRONG_TOKEN)) throw error;
    }
  },
};

export class Commands extends pulumi.dynamic.Resource {
  constructor(name: string, args: InputsOf<CommandsInputs>, options?: pulumi.CustomResourceOptions) {
    super(
      commandsProvider,
      name,
      { ...args },
      { ...options, additionalSecretOutputs: ['token'] },
      'evenkeel',
      'Commands',
    );
  }
}
