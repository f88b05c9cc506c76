/** Tasks and functions: they drain, keep their secrets to themselves, and are what they are said to be. */
import { list, parseJson, rule, type Check, type Props } from './rule.ts';

/** Longest stop that Fargate allows, seconds. */
const LONGEST_STOP = 120;

const TASK = 'aws:ecs/taskDefinition:TaskDefinition';
const FUNCTION = 'aws:lambda/function:Function';

const eachContainer =
  (check: (container: Props) => string[]): Check =>
  ({ containerDefinitions }) =>
    (list(parseJson(containerDefinitions)) as Props[]).flatMap((container) =>
      check(container).map((problem) => `container ${String(container['name'])}: ${problem}`),
    );

export const stopsInTime = rule({
  name: 'stops-in-time',
  description:
    'Every container hears SIGTERM from its first moment, and says how long it may drain, no longer than Fargate waits.',
  checks: {
    [TASK]: eachContainer(({ stopTimeout, linuxParameters }) => [
      ...(typeof stopTimeout !== 'number'
        ? ['stopTimeout is not set: it is killed after 30 s, whatever its drain needs']
        : stopTimeout < 1 || stopTimeout > LONGEST_STOP
          ? [`stopTimeout is ${stopTimeout} s; Fargate waits ${LONGEST_STOP} s at most`]
          : []),
      ...((linuxParameters as Props | undefined)?.['initProcessEnabled'] === true
        ? []
        : ['linuxParameters.initProcessEnabled is not true: as process 1 it may not hear SIGTERM while it starts']),
    ]),
  },
});

/** Names that secrets go by. What ends in ARN or NAME points to one and is none. */
const SECRET_NAME = /(SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIAL|DATABASE_URL|_DSN$)/i;
const POINTER = /_(ARN|NAME|ID|FILE|PATH)$/i;
/** Values that are secrets, whatever they are called: a login in a URL, a bot's or a wallet's token, keys of AWS and of others. */
const SECRET_VALUES = [
  /:\/\/[^/\s:@]+:[^/\s@]+@/,
  /\b\d{4,}:[A-Za-z0-9_-]{30,}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bsk-[A-Za-z0-9-]{16,}/,
];

/** A key in the path of an incident tool's address, whoever keeps it: PagerDuty, Opsgenie, Slack, Telegram. */
const SECRET_ADDRESSES = [
  /\bevents\.pagerduty\.com\/integration\/[^/"\s]+/,
  /\bapi\.(eu\.)?opsgenie\.com\/\S*apiKey=/i,
  /\bhooks\.slack\.com\/services\//,
  /\bapi\.telegram\.org\/bot\d/,
];

const secretLike = (name: string, value: unknown): boolean =>
  (SECRET_NAME.test(name) && !POINTER.test(name)) ||
  [...SECRET_VALUES, ...SECRET_ADDRESSES].some((form) => form.test(String(value)));

/** The value is never in the message. */
const plain = (entries: [string, unknown][]): string[] =>
  entries
    .filter(([name, value]) => secretLike(name, value))
    .map(([name]) => `${name} looks like a secret and stands in the plain environment: pass it by reference`);

/** Whatever is called as it may: a command, a label, a health check. */
const inPlain = (values: Props): string[] =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined && secretLike('', JSON.stringify(value)))
    .map(([name]) => `${name} holds what looks like a secret: pass it by reference`);

export const noPlainSecrets = rule({
  name: 'no-plain-secrets',
  description: 'No secret stands in the environment of a task or function, where whoever may look at it can read it.',
  checks: {
    [TASK]: eachContainer(({ environment, secrets: _, ...others }) => [
      ...plain((list(environment) as { name: string; value: unknown }[]).map(({ name, value }) => [name, value])),
      ...inPlain(others),
    ]),
    'aws:ssm/parameter:Parameter': ({ type, value }) => (type === 'SecureString' ? [] : inPlain({ value })),
    'aws:cloudwatch/eventTarget:EventTarget': ({ input }) => inPlain({ input }),
    'aws:cloudformation/stack:Stack': ({ parameters }) => inPlain({ parameters }),
    [FUNCTION]: ({ environment }) =>
      plain(Object.entries(((environment as Props | undefined)?.['variables'] ?? {}) as Props)),
  },
});

export const sealedContainers = rule({
  name: 'sealed-containers',
  description: 'A container cannot write to its root file system and has no privileges.',
  checks: {
    [TASK]: eachContainer(({ readonlyRootFilesystem, privileged }) => [
      ...(readonlyRootFilesystem === true ? [] : ['readonlyRootFilesystem is not true']),
      ...(privileged === true ? ['privileged is true'] : []),
    ]),
  },
});

export const fixedImages = rule({
  name: 'fixed-images',
  description: 'A task runs the very image that was tested: by digest, from a repository whose tags never move.',
  checks: {
    [TASK]: eachContainer(({ image }) =>
      /@sha256:[0-9a-f]{64}$/.test(String(image)) ? [] : [`image is ${String(image)}, not named by digest`],
    ),
    'aws:ecr/repository:Repository': ({ imageTagMutability, imageScanningConfiguration }) => [
      ...(String(imageTagMutability).startsWith('IMMUTABLE') ? [] : ['imageTagMutability is not IMMUTABLE']),
      ...((imageScanningConfiguration as Props | undefined)?.['scanOnPush'] === true ? [] : ['scanOnPush is not true']),
    ],
  },
});
