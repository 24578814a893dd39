/** What is hidden in everything that is shown: by default, by the program, and by a protocol. */

import { describe, expect, it } from 'vitest';
import { toPlain } from '../../src/inspect/plain.ts';
import { combinedSanitize, messageToPlain, setSanitize } from '../../src/inspect/sanitize.ts';
import { textOfMessage } from '../../src/inspect/message-text.ts';
import { cleanUp } from '../support/cleanup.ts';

const shown = (value: unknown): string => JSON.stringify(toPlain(value));

describe('a value', () => {
  it.each<[string, unknown]>([
    ['a property', { password: 'PLANTED' }],
    ['a deep property', { a: [{ b: { passphrase: 'PLANTED' } }] }],
    ['bytes', { tls: { pfx: Buffer.from('PLANTED') } }],
    ['a list of keys', { tls: { key: [{ pem: 'PLANTED', passphrase: 'PLANTED' }] } }],
    ['an entry of a Map', new Map([['token', 'PLANTED']])],
    ['a value in an entry of a Map', new Map([[1, { secret: 'PLANTED' }]])],
    ['a member of a Set', new Set([{ secret: 'PLANTED' }])],
    ['the result of toJSON()', { toJSON: () => ({ password: 'PLANTED' }) }],
    ['a labelled pair', { kind: 'Secret', data: { a: 'PLANTED' } }],
    ['the word after an option', ['--token', 'PLANTED']],
    ['a text', { line: 'password=PLANTED' }],
    ['an error', Object.assign(new Error('password=PLANTED'), { password: 'PLANTED' })],
    ['the cause of an error', new Error('x', { cause: { password: 'PLANTED' } })],
    ['an error of many', new AggregateError([{ password: 'PLANTED' }])],
    ['a getter', Object.defineProperty({}, 'password', { get: () => 'PLANTED', enumerable: true })],
  ])('is shown without the secrets in it: %s', (_, value) => {
    expect(shown(value)).not.toContain('PLANTED');
    expect(shown(value)).not.toContain(Buffer.from('PLANTED').toString('hex'));
    expect(shown(value)).toContain('[redacted]');
  });
});

describe('sanitize', () => {
  it('may show what would be hidden, by a value of its own', () => {
    const plain = toPlain({ key: 'row 1' }, (key, value) =>
      key === 'key' && typeof value === 'string' ? `key ${value}` : value,
    );
    expect(plain).toEqual({ key: 'key row 1' });
  });

  it('hides no less when it changes nothing', () => {
    expect(toPlain({ password: 'PLANTED' }, (_, value) => value)).toEqual({
      password: '[redacted]',
    });
  });

  it('hides the whole value when it returns a promise', () => {
    const sanitize = () => Promise.reject(new Error('no'));
    expect(toPlain({ a: 1 }, sanitize)).toBe('[hidden, because sanitize threw]');
  });
});

describe('setSanitize()', () => {
  const hide = (name: string) => (key: string, value: unknown) => (key === name ? '…' : value);

  it('applies to everything that is shown, until it is removed', () => {
    cleanUp(() => {
      setSanitize(undefined);
    });
    setSanitize(hide('pin'));
    expect(messageToPlain({ pin: 1, n: 2 }, {})).toEqual({ pin: '…', n: 2 });
    expect(textOfMessage({ pin: 1 }, {})).toBe('{"pin":"…"}');
    setSanitize(undefined);
    expect(messageToPlain({ pin: 1 }, {})).toEqual({ pin: 1 });
  });

  it('comes before the function of one outlet', () => {
    cleanUp(() => {
      setSanitize(undefined);
    });
    setSanitize(hide('pin'));
    const own = combinedSanitize((key, value) => (value === '…' ? `${key}?` : value));
    expect(toPlain({ pin: 1, n: 2 }, own)).toEqual({ pin: 'pin?', n: 2 });
  });
});

describe('redact() of a definition', () => {
  it('decides what is shown of a message', () => {
    const redact = (message: unknown) => ({ shown: String(message), key: 'row 1' });
    expect(messageToPlain('AUTH', { redact })).toEqual({ shown: 'AUTH', key: 'row 1' });
  });

  it('is called as a method', () => {
    const definition = {
      words: 'hidden',
      redact(): unknown {
        return this.words;
      },
    };
    expect(messageToPlain('PLANTED', definition)).toBe('hidden');
  });

  it('hides private keys all the same', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----';
    expect(messageToPlain({ pem }, { redact: (message) => message })).toEqual({
      pem: '[private key]',
    });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['returns a promise', () => Promise.reject(new Error('no'))],
  ])('hides the message when it %s', (_, redact) => {
    expect(messageToPlain('PLANTED', { redact })).toBe('[hidden, because redact threw]');
  });
});

describe('the text of a message', () => {
  it.each<[unknown, string]>([
    ['text', 'text'],
    [{ a: 1 }, '{"a":1}'],
    [Buffer.from('hi'), '[2 bytes 6869]'],
    [{ n: 2n ** 64n }, '{"n":"18446744073709551616n"}'],
    [undefined, '[undefined]'],
  ])('is short and readable: %o', (message, text) => {
    expect(textOfMessage(message, {})).toBe(text);
  });

  it('is cut, with its length', () => {
    expect(textOfMessage('x'.repeat(3_000), {})).toBe(`${'x'.repeat(2_048)}… (3000 characters)`);
  });
});
