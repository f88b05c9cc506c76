/** Images: the bot's own, the simulated world's, and PostgreSQL. Nothing is pushed. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { fromHere } from '../repository.ts';
import type { Settings } from '../settings.ts';

export interface Images {
  bot: pulumi.Output<string>;
  world: pulumi.Output<string>;
  database: pulumi.Output<string>;
}

export function images(name: string, settings: Settings, options: pulumi.CustomResourceOptions): Images {
  const build = (part: string, dockerfile: string): pulumi.Output<string> =>
    new docker.Image(
      `${name}-${part}`,
      {
        imageName: `${name}-${part}:local`,
        skipPush: true,
        build: {
          context: fromHere(),
          dockerfile: fromHere(dockerfile),
          ...(settings.architecture !== undefined && { platform: `linux/${settings.architecture}` }),
          builderVersion: docker.BuilderVersion.BuilderBuildKit,
        },
      },
      options,
    ).repoDigest;
  const database = new docker.RemoteImage(
    `${name}-database`,
    // Debian, as the bot's image: Alpine's C library sorts text in another order than RDS does.
    { name: `postgres:${settings.posture.database.version}-trixie`, keepLocally: true },
    options,
  );
  return {
    bot: build('bot', 'Dockerfile'),
    world: build('world', 'infra/docker/world.Dockerfile'),
    database: database.imageId,
  };
}
