/** Images: the bot's own, the simulated world's, and PostgreSQL. Nothing is pushed. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { hasMedia } from '../../posture/limits.ts';
import { fromHere } from '../repository.ts';
import type { Settings } from '../settings.ts';

export interface Images {
  bot: pulumi.Output<string>;
  /** Of the media tasks, where there are such. */
  media?: pulumi.Output<string>;
  world: pulumi.Output<string>;
  database: pulumi.Output<string>;
}

export function images(name: string, settings: Settings, options: pulumi.CustomResourceOptions): Images {
  const build = (part: string, dockerfile: string, target?: string): pulumi.Output<string> =>
    new docker.Image(
      `${name}-${part}`,
      {
        imageName: `${name}-${part}:local`,
        skipPush: true,
        build: {
          context: fromHere(),
          dockerfile: fromHere(dockerfile),
          ...(target !== undefined && { target }),
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
    ...(hasMedia(settings.posture) && { media: build('media', 'Dockerfile', 'media') }),
    world: build('world', 'infra/docker/world.Dockerfile'),
    database: database.imageId,
  };
}
