/** What Telegram limits the length of fits in every language. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offersOf } from '../../../app/features/index.ts';
import { texts as taps } from '../../../app/bot/texts.ts';
import { texts as chat } from '../../../app/features/chat/texts.ts';
import { texts } from '../../../app/features/wallet/texts.ts';
import { languages } from '../../../app/texts/index.ts';
import { resolve } from '../../../posture/resolve.ts';

/** The most that the posture lets a package give. */
const credits = 1_000_000_000n;

for (const language of languages) {
  test(`${language}: an invoice`, () => {
    assert.ok(texts.title(language, { credits }).length <= 32);
    assert.ok(texts.description(language, { credits }).length <= 255);
  });

  test(`${language}: commands in the menu, and answers to taps`, () => {
    for (const { command } of offersOf(resolve({}))) {
      const does = command.does(language);
      assert.ok(does.length >= 1 && does.length <= 256, `/${command.name}: ${does}`);
    }
    for (const answer of [texts.gone, texts.closed, ...Object.values(taps)]) assert.ok(answer(language).length <= 200);
    for (const later of [0, 1, 12_345]) assert.ok(chat['forget-done'](language, { later }).length <= 200);
  });
}
