/** The simulated world: a Telegram that delivers to the web tasks, and an OpenRouter that answers the workers. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { WEBHOOK_PATH } from '../../contract/paths.ts';
import { menus, scopeOf } from '../../posture/commands.ts';
import { MiB } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { password } from '../aws/secrets.ts';
import { addressOf, answersAt, container, published, sealed } from './container.ts';
import { once } from './once.ts';

const ALIAS = 'world';
const TELEGRAM_PORT = 8081;
const PROVIDER_PORT = 8082;
const BOT_ID = 100001;
const LIMITS = { memory: 512 * MiB, cpu: 512, nofile: 65_536, stopTimeout: 10_000 } as const;

/** How long Telegram is asked until it takes the webhook, ms. */
const PATIENCE = 30_000;

export interface WorldArgs {
  image: pulumi.Input<string>;
  network: pulumi.Input<string>;
}

export interface World {
  container: docker.Container;
  botToken: pulumi.Output<string>;
  apiKey: pulumi.Output<string>;
  /** As the tasks reach them. */
  telegramApiRoot: string;
  openrouterBaseUrl: string;
  /** Telegram as this machine reaches it. */
  address: pulumi.Output<string>;
}

export function world(name: string, args: WorldArgs, options: pulumi.CustomResourceOptions): World {
  const botToken = pulumi.secret(pulumi.interpolate`${BOT_ID}:${password(`${name}-bot-token`, options)}`);
  const apiKey = password(`${name}-openrouter-key`, options);
  const flags = { host: '0.0.0.0', port: String(TELEGRAM_PORT), 'provider-port': String(PROVIDER_PORT) };
  const process = new docker.Container(
    `${name}-world`,
    {
      ...container({
        image: args.image,
        network: args.network,
        alias: ALIAS,
        command: ['local/world/main.ts', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])],
        // Not in the command, which every user of the machine may read.
        env: { WORLD_TOKEN: botToken, WORLD_API_KEY: apiKey },
        limits: LIMITS,
      }),
      ...sealed,
      ports: published(TELEGRAM_PORT),
      healthcheck: answersAt(`http://127.0.0.1:${TELEGRAM_PORT}/`, 2000, 1000),
      wait: true,
      waitTimeout: 60,
    },
    // One world: two of a name would each get half of what is sent.
    { ...options, deleteBeforeReplace: true },
  );
  return {
    container: process,
    botToken,
    apiKey,
    telegramApiRoot: `http://${ALIAS}:${TELEGRAM_PORT}`,
    openrouterBaseUrl: `http://${ALIAS}:${PROVIDER_PORT}/api/v1`,
    address: addressOf(process),
  };
}

export interface LocalWebhookArgs extends WorldArgs {
  posture: Posture;
  world: World;
  secret: pulumi.Input<string>;
  /** Address of the web tasks inside the network. */
  webUrl: string;
  /** Ids of what must run before Telegram is told to deliver. */
  after: pulumi.Input<string>[];
}

/** The calls are in the environment, so that no secret stands in a command. */
const CALL = `
const { TELEGRAM_BOT: bot, TELEGRAM_CALLS: calls } = process.env;
const until = Date.now() + ${PATIENCE};
for (const { method, body } of JSON.parse(calls)) {
  for (let said = ''; ; await new Promise((r) => setTimeout(r, 500))) {
    try {
      const answer = await (await fetch(bot + '/' + method, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(5000) })).json();
      if (answer.ok) break;
      said = answer.description;
    } catch (error) { said = error.cause?.code ?? error.name; }
    if (Date.now() > until) { console.error(method + ': ' + said); process.exit(1); }
  }
}`;

/**
 * Tells the simulated Telegram where to deliver, and which commands to offer. It forgets it when it ends, so another
 * world is told again.
 */
export function localWebhook(
  name: string,
  args: LocalWebhookArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const {
    posture,
    world: { botToken, telegramApiRoot, container: process },
  } = args;
  return once(
    `${name}-webhook`,
    {
      what: 'Setting webhook and commands',
      image: args.image,
      network: args.network,
      alias: 'webhook',
      command: ['--input-type=module', '-e', CALL],
      env: {
        TELEGRAM_BOT: pulumi.secret(pulumi.interpolate`${telegramApiRoot}/bot${botToken}`),
        TELEGRAM_CALLS: pulumi.secret(
          pulumi.jsonStringify([
            {
              method: 'setWebhook',
              body: {
                url: args.webUrl + WEBHOOK_PATH,
                secret_token: args.secret,
                max_connections: posture.telegram.maxConnections,
                allowed_updates: posture.telegram.allowedUpdates,
              },
            },
            // Of people with a role nobody is there yet, and Telegram takes no menu of nobody: /help tells them.
            ...menus(posture)
              .filter(({ chat }) => chat === undefined)
              .map((menu) => ({
                method: 'setMyCommands',
                body: { scope: scopeOf(menu), language_code: menu.language, commands: menu.commands },
              })),
          ]),
        ),
        WORLD: process.id,
        AFTER: pulumi.all(args.after).apply((ids) => ids.join(' ')),
      },
      limits: { memory: 128 * MiB, cpu: 256, nofile: 1024, stopTimeout: 5000 },
    },
    options,
  );
}
