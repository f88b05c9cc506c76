/** The laptop by `pulumi up -s local`: the containers of the cloud, with the simulated world instead of Telegram. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { namePrefix } from '../aws/names.ts';
import { password } from '../aws/secrets.ts';
import type { Outputs, Settings } from '../settings.ts';
import { database } from './database.ts';
import { images } from './images.ts';
import { tasks, WEB_URL } from './tasks.ts';
import { localWebhook, world } from './world.ts';

/** Declares everything; `up` ends when every task is ready and the simulated Telegram delivers to them. */
export function deploy(settings: Settings): Outputs {
  const name = namePrefix(settings.project, settings.stack);
  const { posture, secrets } = settings;
  const parts = new Local(name);
  const options = { parent: parts };
  const image = images(name, settings, options);
  const network = new docker.Network(name, { driver: 'bridge' }, options).name;
  const webhookSecret = secrets.webhookSecret ?? password(`${name}-webhook-secret`, options);
  const operatorToken = secrets.operatorToken ?? password(`${name}-operator-token`, options);

  const server = database(name, { posture, image: image.database, network }, options);
  const outside = world(name, { image: image.world, network }, options);
  const running = tasks(
    name,
    {
      posture,
      image: image.bot,
      mediaImage: image.media,
      network,
      database: server,
      world: outside,
      secrets,
      webhookSecret,
      operatorToken,
    },
    options,
  );
  const webhook = localWebhook(
    name,
    {
      posture,
      image: image.world,
      network,
      world: outside,
      secret: webhookSecret,
      webUrl: WEB_URL,
      after: running.web.map(({ id }) => id),
    },
    options,
  );
  return {
    /** A user types; the bot's answer is in GET /control/messages?chatId=1. */
    say: pulumi.interpolate`curl -sS ${outside.address}/control/say -d '{"chatId":1,"text":"hello"}'`,
    telegram: outside.address,
    web: running.addresses,
    operatorToken: pulumi.secret(operatorToken),
    databaseUrl: server.url('operator'),
    webhook,
    proof: [...settings.proof],
  };
}

class Local extends pulumi.ComponentResource {
  constructor(name: string) {
    super('evenkeel:docker:Local', name);
    this.registerOutputs({});
  }
}
