import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { botIdOf, ConfigError, readConfig, secretsIn, type Command } from '../../app/config.ts';

const MAIN = fileURLToPath(new URL('../../app/main.ts', import.meta.url));

const good: Record<Command, Record<string, string>> = {
  web: {
    POSTURE: '{}',
    DATABASE_URL: 'postgres://web:hush@127.0.0.1/bot',
    BOT_TOKEN: '123456:ABC-DEF_ghijk',
    WEBHOOK_SECRET: 'hush',
  },
  worker: {
    POSTURE: '{}',
    DATABASE_URL: 'postgresql://worker:hush@127.0.0.1:5432/bot?sslmode=verify-full',
    BOT_TOKEN: '123456:ABC-DEF_ghijk',
    OPENROUTER_API_KEY: 'hush',
  },
  media: {
    POSTURE: '{}',
    DATABASE_URL: 'postgresql://media:hush@127.0.0.1:5432/bot?sslmode=verify-full',
    BOT_TOKEN: '123456:ABC-DEF_ghijk',
  },
  ops: { POSTURE: '{}', DATABASE_URL: 'postgres://operator:hush@127.0.0.1/bot' },
  migrate: { POSTURE: '{}', DATABASE_URL: 'postgres://postgres:hush@127.0.0.1/bot' },
  sentinel: {
    POSTURE: '{}',
    PUBLIC_URL: 'https://bot.example.com',
    BOT_TOKEN: '123456:ABC-DEF_ghijk',
    OPERATOR_TOKEN: 'hush-hush',
  },
};

function problems(role: Command, env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(role, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

for (const role of Object.keys(good) as Command[]) {
  test(`${role} starts with what it must have, and nothing else`, () => {
    assert.deepEqual(problems(role, good[role]), []);
    const config = readConfig(role, good[role]);
    assert.equal(config.posture.web.pool, 4);
  });

  for (const name of Object.keys(good[role])) {
    test(`${role} without ${name} is told so in one line`, () => {
      for (const env of [
        { ...good[role], [name]: undefined },
        { ...good[role], [name]: '' },
      ]) {
        const [line, ...more] = problems(role, env);
        assert.deepEqual(more, []);
        assert.match(line!, new RegExp(`^${name}: missing; set it to .{10,}$`));
      }
    });
  }
}

const PAYER_KEYS: [role: Command, feature: string, name: string][] = [
  ['web', 'cryptoPay', 'CRYPTO_PAY_TOKEN'],
  ['web', 'nowPayments', 'NOWPAYMENTS_IPN_SECRET'],
  ['worker', 'cryptoPay', 'CRYPTO_PAY_TOKEN'],
  ['worker', 'nowPayments', 'NOWPAYMENTS_API_KEY'],
];
for (const [role, feature, name] of PAYER_KEYS)
  test(`${role} does not start without ${name} where people pay by ${feature}`, () => {
    const POSTURE = JSON.stringify({ features: { [feature]: true } });
    assert.deepEqual(problems(role, { ...good[role], POSTURE }), [
      `${name}: missing; set it to the provider's key, or turn the feature off with features.${feature}: false`,
    ]);
    assert.deepEqual(
      problems(role, {
        ...good[role],
        POSTURE,
        [name]: '12345678:AAtokenOfNobody'.replace(name.endsWith('KEY') ? ':' : '', ''),
      }),
      [],
    );
  });

test('everything that is missing is told at once', () => {
  assert.deepEqual(
    problems('web', {}).map((line) => line.split(':')[0]),
    ['DATABASE_URL', 'BOT_TOKEN', 'WEBHOOK_SECRET', 'POSTURE'],
  );
});

const malformed: [Command, string, string[]][] = [
  ['web', 'POSTURE', ['{', 'web: 1', 'null', '[]', '3', '"hush"']],
  ['web', 'DATABASE_URL', ['hush hush', 'mysql://hush@h/d', 'hush', 'postgres://web:hush%ZZ@h/d']],
  ['web', 'BOT_TOKEN', ['hush', '123456', '123456:sh ort', ':hush-hush-hush']],
  ['web', 'WEBHOOK_SECRET', ['hush hush', 'hush!', 'h'.repeat(257), 'hüsh']],
  ['web', 'PUBLIC_URL', ['hush', 'ftp://hush']],
  ['web', 'PORT', ['hush', '80.5', '-1', '65536', '0x50', '1e3', ' 80']],
  ['web', 'OPERATOR_TOKEN', ['hush']],
  ['worker', 'TELEGRAM_API_ROOT', ['hush', 'file:///hush']],
  ['worker', 'OPENROUTER_BASE_URL', ['hush']],
  ['sentinel', 'PUBLIC_URL', ['hush', 'ftp://hush']],
  ['sentinel', 'TELEGRAM_API_ROOT', ['hush']],
  ['sentinel', 'BOT_TOKEN', ['hush']],
  ['sentinel', 'OPERATOR_TOKEN', ['hush']],
  ['sentinel', 'POSTURE', ['null', 'hush']],
  ['migrate', 'WEB_DATABASE_PASSWORD', ['hush']],
  ['migrate', 'WORKER_DATABASE_PASSWORD', ['hush']],
  ['migrate', 'OWNER_DATABASE_PASSWORD', ['hush']],
  ['migrate', 'OPERATOR_DATABASE_PASSWORD', ['hush']],
];
for (const [role, name, values] of malformed) {
  test(`a malformed ${name} is one line that does not show it`, () => {
    for (const value of values) {
      const [line, ...more] = problems(role, { ...good[role], [name]: value });
      assert.deepEqual(more, []);
      assert.match(line!, new RegExp(`^${name}: malformed; set it to .{10,}$`));
      assert.doesNotMatch(line!, /hush/);
    }
  });
}

test('a worker whose chat feature is off needs no key of the provider', () => {
  const { OPENROUTER_API_KEY: _, ...without } = good.worker;
  assert.deepEqual(problems('worker', { ...without, POSTURE: '{"features":{"chat":false}}' }), []);
});

test('a role ignores the variables of the others', () => {
  assert.deepEqual(problems('migrate', { ...good.migrate, BOT_TOKEN: 'x', PORT: 'x', WEBHOOK_SECRET: '!' }), []);
});

test('the id of the bot is the part of its token before the colon', () => {
  assert.equal(botIdOf('123456:ABC'), 123456);
});

/** Runs main.ts to its end. */
function run(args: string[], env: Record<string, string>): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

const messages = (output: string) =>
  output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; msg: string });

test('a process with a bad environment ends with code 2 and one line a problem', async () => {
  const { code, output } = await run(['web'], { ...good.web, BOT_TOKEN: 'hush', PORT: 'hush' });
  assert.equal(code, 2);
  assert.deepEqual(
    messages(output)
      .map(({ level, msg }) => [level, msg.split(':')[0]])
      .sort(),
    [
      ['fatal', 'BOT_TOKEN'],
      ['fatal', 'PORT'],
    ],
  );
  assert.doesNotMatch(output, /hush/);
});

test('a level of the log that there is not is one line too', async () => {
  const { code, output } = await run(['sentinel'], { ...good.sentinel, LOG_LEVEL: 'loud' });
  assert.equal(code, 2);
  assert.deepEqual(
    messages(output).map(({ msg }) => msg),
    ['LOG_LEVEL: malformed; set it to one of fatal, error, warn, info, debug, trace, silent'],
  );
});

test('secrets are known as they are written and as they are meant', () => {
  assert.deepEqual(secretsIn({ PATH: '/bin', OPERATOR_TOKEN: 'o', DATABASE_URL: 'postgres://web:a%25b@h/d' }), [
    'o',
    'postgres://web:a%25b@h/d',
    'a%25b',
    'a%b',
  ]);
});

test('a posture with an unknown key or a broken law refuses to start, and names it', async () => {
  const [unknown, broken] = await Promise.all([
    run(['worker'], { ...good.worker, POSTURE: '{"worker":{"pol":8}}' }),
    run(['worker'], { ...good.worker, POSTURE: '{"worker":{"pool":90}}' }),
  ]);
  assert.equal(unknown.code, 2);
  assert.match(messages(unknown.output)[0]!.msg, /^worker\.pol: unknown key; did you mean "pool"\?/);
  assert.equal(broken.code, 2);
  assert.match(messages(broken.output)[0]!.msg, /^connections\.fit: .*worker.*Prevents pool-exhaustion, .*Wanted: /);
});

test('a role that there is not, or none, is told how it is used', async () => {
  const [none, other] = await Promise.all([run([], {}), run(['wroker'], {})]);
  assert.equal(none.code, 2);
  assert.match(none.output, /^usage: node app\/main\.ts web\|worker\|media\|migrate/);
  assert.equal(other.code, 2);
  assert.match(other.output, /^unknown role "wroker"; usage: /);
});
