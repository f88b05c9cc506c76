import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTransient } from '../../../app/database/errors.ts';

const sql = (code: string) => Object.assign(new Error(`SQLSTATE ${code}`), { code });

test('what may succeed later is transient', () => {
  const passing = {
    '08006': 'connection failure',
    '40001': 'serialization failure',
    '40P01': 'deadlock',
    '53100': 'disk full',
    '53300': 'too many connections',
    '55P03': 'lock not available',
    '57014': 'statement timeout',
    '57P01': 'admin shutdown',
    '57P02': 'crash shutdown',
    '57P03': 'cannot connect now',
    '25P03': 'idle in transaction timeout',
    '25006': 'read-only after a failover',
    ECONNREFUSED: 'server away',
    ECONNRESET: 'server gone',
    ETIMEDOUT: 'network gone',
    EHOSTUNREACH: 'host gone',
    EPIPE: 'server gone while a statement was being written, in the form of an SQLSTATE',
  };
  for (const [code, what] of Object.entries(passing)) assert.equal(isTransient(sql(code)), true, what);
  for (const message of [
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
  ])
    assert.equal(isTransient(new Error(message)), true, message);
});

test('what no repetition mends is not', () => {
  const lasting = {
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
