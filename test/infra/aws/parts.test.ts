/** The parts that are plain functions: names, ranges, tags of images; and what the image is made of. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sharedBuffers } from '../../../infra/aws/database.ts';
import { sourceTag } from '../../../infra/aws/image.ts';
import { bounded, logRetentionDays, namePrefix } from '../../../infra/aws/names.ts';
import { subnetRange } from '../../../infra/aws/subnets.ts';
import { resolve } from '../../../posture/resolve.ts';
import { run } from '../harness.ts';
import { PROD } from '../stacks.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('names', () => {
  test('are short, plain and begin with a letter, whatever the stack is called', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/), fc.stringMatching(/^[A-Za-z0-9_.-]{1,80}$/), (a, b) => {
        const prefix = namePrefix(a, b);
        assert.match(prefix, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
        assert.ok(prefix.length <= 24);
      }),
    );
  });

  test('of two long stacks never meet', () => {
    const stem = 'a-stack-with-a-very-long-name-for-the-';
    assert.notEqual(namePrefix('evenkeel', `${stem}one`), namePrefix('evenkeel', `${stem}two`));
    assert.equal(bounded('short', 10), 'short');
  });

  test('of a stack with a long name fit everywhere', async () => {
    const stack = 'the-integration-environment-of-the-whole-platform-team';
    const { resources, error } = await run({ posture: PROD, stack });
    assert.equal(error, undefined);
    const balancers = resources.filter(({ type }) => type.startsWith('aws:lb/') && type !== 'aws:lb/listener:Listener');
    for (const { inputs } of balancers) assert.ok(((inputs['name'] as string | undefined) ?? '').length <= 32);
    // Pulumi adds a hyphen and 7 characters to names that it makes itself.
    for (const { name, type } of resources.filter(({ custom }) => custom))
      if (type === 'aws:iam/role:Role' || type.startsWith('aws:s3/') || type.startsWith('aws:lambda/'))
        assert.ok(name.length <= 63 - 8, name);
  });
});

test('shared buffers of RDS are a whole formula that never takes more than the declared share', () => {
  for (const share of [10, 20, 25, 30, 33, 40]) {
    const formula = sharedBuffers(resolve({ database: { sharedBuffers: `${share}%` } }));
    const divisor = Number(/^\{DBInstanceClassMemory\/(\d+)\}$/.exec(formula)![1]);
    const memory = 2 ** 31;
    const bytes = Math.floor(memory / divisor) * 8192;
    assert.ok(bytes <= (memory * share) / 100 && bytes > (memory * (share - 0.1)) / 100, formula);
  }
});

test('a log is kept for at least as long as declared, in days that CloudWatch knows', () => {
  const day = 86_400_000;
  assert.equal(logRetentionDays(30 * day), 30);
  assert.equal(logRetentionDays(31 * day), 60);
  assert.equal(logRetentionDays(day / 2), 1);
  assert.equal(logRetentionDays(20_000 * day), 3653);
});

test('subnets of a VPC never overlap and stay inside it', () => {
  const kinds = ['public', 'isolated', 'private'] as const;
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 24 }), fc.integer({ min: 0, max: 255 }), (prefix, second) => {
      const size = 2 ** (32 - prefix);
      const start = Math.floor((10 * 2 ** 24 + second * 2 ** 16) / size) * size;
      const written = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.');
      const ranges = kinds.flatMap((kind) => [0, 1, 2].map((zone) => subnetRange(`${written}/${prefix}`, kind, zone)));
      const spans = ranges.map((range) => {
        const [address = '', length = ''] = range.split('/');
        const first = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
        return { first, last: first + 2 ** (32 - Number(length)) - 1 };
      });
      const sorted = spans.sort((a, b) => a.first - b.first);
      sorted.forEach(({ first, last }, index) => {
        assert.ok(first >= start && last < start + size);
        assert.ok(index === 0 || first > sorted[index - 1]!.last);
      });
    }),
  );
});

describe('the image', () => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  test('runs Node without a shell, not as root, with only the dependencies of the app', () => {
    assert.match(final, /^ENTRYPOINT \["node", "app\/main\.ts"\]$/m);
    assert.match(final, /^USER 1000:1000$/m);
    assert.match(dockerfile, /npm ci --omit=dev --ignore-scripts/);
    const copied = [...dockerfile.matchAll(/^COPY (\S+) app\//gm)].map(([, source]) => source);
    assert.deepEqual(copied, ['package.json', 'posture', 'contract', 'sentinel', 'app']);
    assert.doesNotMatch(final, /^(ADD|COPY (?!--from=build ))/m);
  });

  test('holds the authorities that database logins name, and no other file of their name', () => {
    assert.match(dockerfile, /^RUN echo "\$\{RDS_CA_SHA256\} {2}rds\/global-bundle\.pem" \| sha256sum --check/m);
    assert.match(dockerfile, /install -m 644 rds\/global-bundle\.pem \/image\/etc\/ssl\/rds\//);
  });

  test('is built from bases by digest, and runs nothing of the processor that it is for', () => {
    const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
    for (const stage of stages) {
      const [, platform, base] = /^FROM (--platform=\S+ )?(\S+)/.exec(stage)!;
      assert.ok(base === 'scratch' || /@sha256:[0-9a-f]{64}$/.test(base!), base);
      assert.ok(!/^RUN /m.test(stage) || platform === '--platform=$BUILDPLATFORM ', `${base} runs by emulation`);
    }
    const world = readFileSync(join(ROOT, 'infra/docker/world.Dockerfile'), 'utf8');
    assert.match(world, /^FROM \S+@sha256:[0-9a-f]{64}$/m);
  });

  test('has a tag that follows from its sources', (t) => {
    const context = mkdtempSync(join(tmpdir(), 'evenkeel-image-'));
    t.after(() => rmSync(context, { recursive: true }));
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\n');
    const tag = sourceTag(context, 'amd64');
    assert.match(tag, /^src-[0-9a-f]{20}$/);
    writeFileSync(join(context, 'README.md'), 'not in the image\n');
    assert.equal(sourceTag(context, 'amd64'), tag);
    assert.notEqual(sourceTag(context, 'arm64'), tag);
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nUSER 1000\n');
    assert.notEqual(sourceTag(context, 'amd64'), tag);
  });

  test('is built and pushed by up where CI gives no digest, and deployed by what came of it', async () => {
    const config = { 'aws:region': 'eu-central-1', 'evenkeel:botToken': '123456789:AAtest-token-of-nobody-0123456789' };
    const posture = { features: { chat: false } };
    const { resources, outputs, error } = await run({ posture, config });
    assert.equal(error, undefined);
    const image = resources.find(({ type }) => type === 'docker:index/image:Image')!;
    const build = image.inputs['build'] as { context: string; platform: string };
    assert.equal(build.platform, 'linux/arm64');
    assert.ok(!build.context.startsWith('/'), 'the same on every machine');
    assert.match(String(image.inputs['imageName']), /:src-[0-9a-f]{20}$/);
    assert.equal(outputs['imageDigest'], `sha256:${'b'.repeat(64)}`);

    // A revert makes a tag that stands already: it may be pushed again, while the tags of others never move.
    const repository = resources.find(({ type }) => type === 'aws:ecr/repository:Repository')!;
    assert.equal(repository.inputs['imageTagMutability'], 'IMMUTABLE_WITH_EXCLUSION');
    const [exclusion] = repository.inputs['imageTagMutabilityExclusionFilters'] as { filter: string }[];
    const tag = String(image.inputs['imageName']).split(':').at(-1)!;
    assert.ok(tag.startsWith(exclusion!.filter.replace('*', '')));
  });
});
