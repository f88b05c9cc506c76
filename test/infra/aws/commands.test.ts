/** The menu of commands against a Bot API server, in the form in which the engine runs it. */
import assert from 'node:assert/strict';
import { before, test, type TestContext } from 'node:test';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { menus, type Menu } from '../../../posture/commands.ts';
import { resolve } from '../../../posture/resolve.ts';
import { serialised } from '../dynamic.ts';

const provider: { it: Awaited<ReturnType<typeof serialised>> } = { it: undefined! };
before(async () => {
  provider.it = await serialised('Commands');
});

async function setting(t: TestContext) {
  const telegram = await startTelegram();
  t.after(() => telegram.stop());
  const inputs = { apiRoot: telegram.apiRoot, token: telegram.botToken, menus: menus(resolve({})) };
  const call = async (method: string, body: object): Promise<unknown> => {
    const response = await fetch(`${telegram.apiRoot}/bot${telegram.botToken}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { result?: unknown }).result;
  };
  const shown = async (scope: string, language: string) =>
    (await call('getMyCommands', { scope: { type: scope }, language_code: language })) as Menu['commands'];
  const names = async (scope: string, language = '') => (await shown(scope, language)).map(({ command }) => command);
  return { telegram, inputs, call, shown, names };
}

test('each scope and language has the menu that follows from the posture', async (t) => {
  const { inputs, shown, names } = await setting(t);
  const { id, outs } = await provider.it.create(inputs);
  assert.equal(id, `commands-${inputs.token.split(':')[0]}`);
  assert.deepEqual(outs, inputs);
  for (const { scope, language, commands } of inputs.menus) assert.deepEqual(await shown(scope, language), commands);
  assert.ok(!(await names('all_private_chats')).includes('stats'), 'what only some may do is shown to them alone');
  assert.ok((await names('all_private_chats')).includes('topup'));
  assert.ok(!(await names('all_group_chats')).includes('topup'), 'nobody can pay in a group');
  assert.ok((await names('all_private_chats', 'de')).includes('help'));
});

test('what somebody else has set is found by a refresh, and set back', async (t) => {
  const { inputs, call, shown } = await setting(t);
  const { id } = await provider.it.create(inputs);
  const whole = async () => (await provider.it.read(id, inputs)).props as typeof inputs;
  assert.equal((await provider.it.diff(id, await whole(), inputs)).changes, false);
  const [menu] = inputs.menus as [Menu];
  await call('setMyCommands', { scope: { type: menu.scope }, commands: [{ command: 'spam', description: 'buy' }] });
  const drifted = await whole();
  assert.equal((await provider.it.diff(id, drifted, inputs)).changes, true);
  await provider.it.update(id, drifted, inputs);
  assert.deepEqual(await shown(menu.scope, ''), menu.commands);
});

test('a feature that goes takes its commands along, a language its menu', async (t) => {
  const { inputs, names } = await setting(t);
  const { id } = await provider.it.create(inputs);
  const off = menus(resolve({ features: Object.fromEntries(['wallet'].map((name) => [name, false])) }));
  const news = { ...inputs, menus: off.filter(({ language }) => language === '') };
  assert.equal((await provider.it.diff(id, inputs, news)).changes, true);
  await provider.it.update(id, inputs, news);
  assert.ok(!(await names('all_private_chats')).includes('topup'));
  assert.deepEqual(await names('all_private_chats', 'de'), []);
});

test('owners and support have a menu of their own, once they have opened the bot', async (t) => {
  const { telegram, inputs, call } = await setting(t);
  const [owner, helper, absent] = [5_001, 5_002, 5_003];
  const people = { owners: [owner, absent, 1], support: [helper] };
  const wanted = { ...inputs, menus: menus(resolve({ people })) };
  assert.ok(!wanted.menus.some(({ chat }) => chat === 1), 'the example is nobody');
  for (const chat of [owner, helper]) telegram.open(chat);
  const { id } = await provider.it.create(wanted);
  const namesOf = async (chat: number) => {
    const scope = { type: 'chat', chat_id: chat };
    const shown = (await call('getMyCommands', { scope, language_code: 'de' })) as Menu['commands'] | undefined;
    return shown?.map(({ command }) => command);
  };
  const [ofOwner, ofHelper] = [await namesOf(owner), await namesOf(helper)];
  for (const name of ['topup', 'stats', 'refund']) assert.ok(ofOwner!.includes(name) && ofHelper!.includes(name), name);
  assert.ok(ofOwner!.includes('broadcast') && !ofHelper!.includes('broadcast'));
  assert.equal(await namesOf(absent), undefined, 'Telegram knows no chat of theirs');
  const whole = async () => (await provider.it.read(id, wanted)).props as typeof wanted;
  assert.equal((await provider.it.diff(id, await whole(), wanted)).changes, false);
  // By the next refresh they have opened it.
  telegram.open(absent);
  const drifted = await whole();
  assert.equal((await provider.it.diff(id, drifted, wanted)).changes, true);
  await provider.it.update(id, drifted, wanted);
  assert.deepEqual(await namesOf(absent), ofOwner);
  // Who has a role no longer has the menu of everybody again.
  await provider.it.update(id, wanted, inputs);
  assert.deepEqual(await namesOf(helper), []);
});

test('destroy takes away what is still ours', async (t) => {
  const { inputs, call, names } = await setting(t);
  const { id } = await provider.it.create(inputs);
  const theirs = { scope: { type: 'all_group_chats' }, commands: [{ command: 'other', description: 'not ours' }] };
  await call('setMyCommands', theirs);
  await provider.it.delete(id, inputs);
  assert.deepEqual(await names('all_private_chats'), []);
  assert.deepEqual(await names('all_group_chats'), ['other']);
});

test('no error shows the token; a refresh without Telegram goes on', async (t) => {
  const { inputs } = await setting(t);
  const away = { ...inputs, apiRoot: 'http://127.0.0.1:1' };
  await assert.rejects(provider.it.create(away), (error: Error) => {
    assert.match(error.message, /^setMyCommands: no answer from http:\/\/127\.0\.0\.1:1 \(/);
    return !error.message.includes(inputs.token);
  });
  await assert.rejects(
    provider.it.create({ ...inputs, token: '123456:wrong-wrong-wrong-wrong' }),
    /^Error: Telegram says 401 Unauthorized: the bot token is wrong/,
  );
  const { props } = await provider.it.read('commands-1', away);
  assert.equal((await provider.it.diff('commands-1', props!, away)).changes, true);
  await provider.it.delete('commands-1', { ...inputs, token: '123456:wrong-wrong-wrong-wrong' });
});

test('another bot gets the menu before the old one loses it', async (t) => {
  const { inputs } = await setting(t);
  const { replaces, deleteBeforeReplace } = await provider.it.diff('commands-1', inputs, {
    ...inputs,
    token: '777:another-bot-another-bot',
  });
  assert.deepEqual([replaces, deleteBeforeReplace], [['token'], false]);
});
