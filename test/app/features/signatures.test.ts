import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiver as cryptoPay } from '../../../app/features/cryptoPay/receiver.ts';
import { receiver as nowPayments } from '../../../app/features/nowPayments/receiver.ts';
import {
  CRYPTO_PAY_TOKEN,
  cryptoPaySignature,
  IPN_SECRET,
  NOWPAYMENTS_FORMS,
  nowPaymentsSignature,
  type Form,
} from '../../harness/callbacks.ts';

const signedByCryptoPay = (raw: Buffer, signature: string, tokens: readonly string[]) =>
  cryptoPay(tokens).isSigned(raw, signature);
const signedByNowPayments = (raw: Buffer, signature: string, secrets: readonly string[]) =>
  nowPayments(secrets).isSigned(raw, signature);

const BODIES: Record<string, string> = {
  'a nested fee': '{"payment_id":1,"order_id":"5-o1","fee":{"currency":"trx","depositFee":0.1,"withdrawalFee":0}}',
  'an array of children': '{"payment_id":1,"payment_extra_ids":[3,1,2],"z":[{"b":1,"a":[{"d":1,"c":2}]}]}',
  'a small number': '{"payment_id":1,"actually_paid":1e-7,"outcome_amount":0.09853637216235617}',
  'integers as texts': '{"payment_id":"5745459419","purchase_id":"4944856743"}',
  'keys the other way round': '{"z":1,"y":{"b":1,"a":2},"payment_id":1}',
  'a parent': '{"payment_id":2,"parent_payment_id":1,"payment_status":"finished"}',
  'names that are numbers': '{"10":1,"9":{"b":1,"a":2},"payment_id":1}',
  nothing: '{}',
};

test('15. NOWPayments: every documented form of every body is accepted, one digit changed is not', () => {
  for (const [what, text] of Object.entries(BODIES)) {
    const body = JSON.parse(text) as Record<string, unknown>;
    for (const form of Object.keys(NOWPAYMENTS_FORMS) as Form[]) {
      const raw = Buffer.from(text);
      const signature = nowPaymentsSignature(body, form);
      assert.ok(signedByNowPayments(raw, signature, [IPN_SECRET]), `${what}, ${form}`);
      assert.ok(signedByNowPayments(raw, signature.toUpperCase(), [IPN_SECRET]), `${what}, ${form}, upper case`);
      const flipped = (signature.startsWith('0') ? '1' : '0') + signature.slice(1);
      assert.ok(!signedByNowPayments(raw, flipped, [IPN_SECRET]), `${what}, ${form}, flipped`);
    }
  }
});

test('15. Crypto Pay signs bytes: odd spacing and every way to write é are accepted, written again they are not', () => {
  for (const text of ['{ "a" :1,\n "b":"\\u00e9" }', '{"a":1,"b":"é"}', '{"b": "e\u0301"}']) {
    const signature = cryptoPaySignature(text);
    assert.ok(signedByCryptoPay(Buffer.from(text), signature, [CRYPTO_PAY_TOKEN]));
    const again = JSON.stringify(JSON.parse(text), undefined, 2);
    assert.ok(!signedByCryptoPay(Buffer.from(again), signature, [CRYPTO_PAY_TOKEN]));
  }
});

test('no secret, a shorter digest, a body that is no JSON or has no end of nesting: signed by nobody', () => {
  const raw = Buffer.from('{}');
  assert.ok(!signedByNowPayments(raw, nowPaymentsSignature({}), []));
  assert.ok(!signedByCryptoPay(raw, cryptoPaySignature('{}'), []));
  assert.ok(!signedByNowPayments(raw, nowPaymentsSignature({}).slice(2), [IPN_SECRET]));
  assert.ok(!signedByCryptoPay(raw, '', [CRYPTO_PAY_TOKEN]));
  for (const odd of ['', 'null,', '[', `${'['.repeat(16_000)}${']'.repeat(16_000)}`, '"text"', 'null', '1'])
    assert.ok(!signedByNowPayments(Buffer.from(odd), 'ab'.repeat(64), [IPN_SECRET]), odd.slice(0, 10));
});

test('while a secret is rotated both are accepted, the former no longer after it', () => {
  const raw = Buffer.from('{"a":1}');
  const former = nowPaymentsSignature({ a: 1 }, 'recursive', 'the-former-secret');
  assert.ok(signedByNowPayments(raw, former, [IPN_SECRET, 'the-former-secret']));
  assert.ok(!signedByNowPayments(raw, former, [IPN_SECRET]));
  const token = cryptoPaySignature(raw, '12345:AAformer');
  assert.ok(signedByCryptoPay(raw, token, [CRYPTO_PAY_TOKEN, '12345:AAformer']));
  assert.ok(!signedByCryptoPay(raw, token, [CRYPTO_PAY_TOKEN]));
});
