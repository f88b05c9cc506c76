import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServerAway, isTransient } from '../../../app/database/errors.ts';

const sql = (code: string) => Object.assign(new Error(`SQLSTATE ${code}`), { code });

const away = {
  '08006': 'connection failure',
  '53300': 'too many connections',
  '57P01': 'admin shutdown',
  '57P02': 'crash shutdown',
  '57P03': 'cannot connect now',
  '25006': 'read-only after a failover',
  '53100': 'disk full: nobody can write',
  '53200': 'out of memory',
  ECONNREFUSED: 'server away',
  ECONNRESET: 'server gone',
  ETIMEDOUT: 'network gone',
  EHOSTUNREACH: 'host gone',
  EPIPE: 'server gone while a statement was being written, in the form of an SQLSTATE',
};
const unlucky = {
  '40001': 'serialization failure',
  '40P01': 'deadlock',
  '53400': 'a limit of its own',
  '55P03': 'lock not available',
  '57014': 'statement timeout',
  '25P03': 'idle in transaction timeout',
};
const awayMessages = [
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
];

test('what may succeed later is transient', () => {
  for (const [code, what] of Object.entries({ ...away, ...unlucky })) assert.equal(isTransient(sql(code)), true, what);
  for (const message of awayMessages) assert.equal(isTransient(new Error(message)), true, message);
});

test('a server that is away is told from a statement that is to blame', () => {
  for (const [code, what] of Object.entries(away)) assert.equal(isServerAway(sql(code)), true, what);
  for (const message of awayMessages) assert.equal(isServerAway(new Error(message)), true, message);
  for (const [code, what] of Object.entries(unlucky)) assert.equal(isServerAway(sql(code)), false, what);
  assert.equal(isServerAway(new Error('wrapped', { cause: sql('57P01') })), true);
  assert.equal(isServerAway(new Error('wrapped', { cause: sql('57014') })), false);
  assert.equal(isServerAway(new Error('OpenRouter: timeout expired for this model')), false);
});

test('what no repetition mends is not', () => {
  const lasting = {
    '08P01': 'protocol violation',
    '22021': 'invalid byte sequence',
    '22P05': 'untranslatable character',
    '23505': 'unique violation',
    '23514': 'check violation',
    '28P01': 'wrong password',
    '3D000': 'no such database',
    '42501': 'insufficient privilege',
    '42P01': 'no such table',
    '42601': 'syntax error',
  };
  for (const [code, what] of Object.entries(lasting)) assert.equal(isTransient(sql(code)), false, what);
  for (const other of [new TypeError('x is not a function'), 'text', undefined, null, { code: '40001' }])
    assert.equal(isTransient(other), false);
});

test('the cause and the parts of an error count', () => {
  assert.equal(isTransient(new Error('wrapped', { cause: sql('40001') })), true);
  assert.equal(isTransient(new Error('wrapped', { cause: sql('23505') })), false);
  assert.equal(isTransient(new AggregateError([new Error('IPv6'), sql('ECONNREFUSED')])), true);
  const circle = new Error('circle');
  circle.cause = circle;
  assert.equal(isTransient(circle), false);
});
