/** What counts as a secret, by its name, and how texts and copies hide it. */

import { describe, expect, it } from 'vitest';
import { isSecret, redactSecrets, redactText } from '../../src/core/secrets.ts';

describe('a member', () => {
  it.each([
    'password',
    'Password',
    'PASSWORD',
    'db_password',
    'password-base64',
    'userPassphrase',
    'passphrase',
    'passwd',
    'pass',
    'pwd',
    'secret',
    'clientSecret',
    'key-secret',
    'AWS_SECRET_ACCESS_KEY',
    'privateKey',
    'private-key',
    'api_key',
    'accessKey',
    'credentials',
    'pfx',
    'ticketKeys',
    'psk',
    'key',
    'token',
    'auth_token',
    'access_tokens',
    'Authorization',
    'proxy-authorization',
    'set-cookie',
    'auth',
    `${'x'.repeat(10_000)}password`,
  ])('is a secret by its name: %s', (name) => {
    expect(isSecret(name, 'text')).toBe(true);
    expect(isSecret(name, Buffer.from('bytes'))).toBe(true);
    expect(isSecret(name, [{ pem: 'text' }])).toBe(true);
  });

  it.each([
    'keys',
    'monkey',
    'keyboard',
    'compass',
    'name',
    'author',
    'tokenizer',
    'id',
    'cert',
    '',
  ])('is no secret: %s', (name) => {
    expect(isSecret(name, 'text')).toBe(false);
  });

  it('is no secret when it is absent, a switch or a function', () => {
    const values = [undefined, null, true, false, () => 'password'];
    for (const value of values) expect(isSecret('password', value)).toBe(false);
  });

  it('is a secret as a number where its name can mean nothing else', () => {
    expect(isSecret('password', 1234)).toBe(true);
    expect(isSecret('passcode', 1234n)).toBe(true);
    expect(isSecret('maxTokens', 1234)).toBe(false);
    expect(isSecret('token', 3)).toBe(false);
    expect(isSecret('key', 65)).toBe(false);
  });
});

describe('a text', () => {
  it.each([
    ['password=hush', 'password=[redacted]'],
    ['--password=hush --verbose', '--password=[redacted] --verbose'],
    ['{"password": "hu\\"sh", "id": 1}', '{"password": [redacted], "id": 1}'],
    ["{ token: 'hush' }", '{ token: [redacted] }'],
    ['{"user":"me","pass":"hush"}', '{"user":"me","pass":[redacted]}'],
    ['{"key":"hush"}', '{"key":[redacted]}'],
    ['password: hush, name: me', 'password: [redacted], name: me'],
    ['api_key=hush&x=1', 'api_key=[redacted]&x=1'],
    ['Authorization: Bearer hush.hush', 'Authorization: [redacted]'],
    ['https://me:hush@host/path', 'https://me:[redacted]@host/path'],
    ['rbd:pool/image:id=admin:key=hush==', 'rbd:pool/image:id=admin:key=[redacted]'],
    ['GET /?key=hush&v=1', 'GET /?key=[redacted]&v=1'],
    ['secret,id=s0,data=hush,format=raw', 'secret,id=s0,data=[redacted],format=raw'],
    [
      "-object secret,id=s0,dta=hush: Invalid parameter 'dta'",
      "-object secret,[redacted]: Invalid parameter 'dta'",
    ],
    [
      '-object {"qom-type":"secret","data":"hush"}: no',
      '-object {"qom-type":"secret",[redacted]}: no',
    ],
    ['a text: "{\\"password\\": \\"hush\\"}"', 'a text: "{\\"password\\": [redacted]}"'],
    ['{"password":"hush', '{"password":[redacted]'],
  ])('hides what looks like a secret: %s', (text, shown) => {
    expect(redactText(text)).toBe(shown);
    expect(redactText(text)).not.toContain('hush');
  });

  it.each([
    'Unexpected token: } in JSON at position 3',
    'The password is missing',
    'wrong secret: No such file or directory',
    'connect ECONNREFUSED 127.0.0.1:4444',
    'key: value',
    'tcp://127.0.0.1:4444/path',
  ])('stays as it is: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it.each([
    ['quotes', 'password="'.repeat(2_000)],
    ['objects', 'secret,'.repeat(2_000)],
    ['addresses', '://a:'.repeat(4_000)],
    ['blanks', `password${' '.repeat(16_000)}`],
    ['words', 'secret-'.repeat(2_000)],
  ])('is searched in a time that does not explode: %s', (_, text) => {
    const before = performance.now();
    redactText(text);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('redactSecrets()', () => {
  it('hides members at any depth, in arrays, Maps and Sets', () => {
    const message = {
      user: 'me',
      login: [{ password: 'hush' }],
      map: new Map<unknown, unknown>([
        ['token', 'hush'],
        ['deep', { secret: Buffer.from('hush') }],
        [1, 'one'],
      ]),
      set: new Set([{ pfx: 'hush' }]),
    };
    expect(redactSecrets(message)).toEqual({
      user: 'me',
      login: [{ password: '[redacted]' }],
      map: new Map<unknown, unknown>([
        ['token', '[redacted]'],
        ['deep', { secret: '[redacted]' }],
        [1, 'one'],
      ]),
      set: new Set([{ pfx: '[redacted]' }]),
    });
  });

  it('hides the content of an object that calls itself a secret', () => {
    const object = { 'qom-type': 'secret', id: 's0', data: 'hush' };
    expect(redactSecrets(object)).toEqual({ ...object, data: '[redacted]' });
    const pair = { name: 'password', value: 'hush' };
    expect(redactSecrets(pair)).toEqual({ ...pair, value: '[redacted]' });
    expect(redactSecrets({ name: 'colour', value: 'red' })).toEqual({
      name: 'colour',
      value: 'red',
    });
  });

  it('hides the word after an option that names a secret', () => {
    expect(redactSecrets(['login', '--password', 'hush', '--quiet'])).toEqual([
      'login',
      '--password',
      '[redacted]',
      '--quiet',
    ]);
  });

  it('hides secrets in texts', () => {
    expect(redactSecrets('AUTH password=hush')).toBe('AUTH password=[redacted]');
  });

  it('takes further names, and names that are no secrets', () => {
    const message = { pin: 1234, PIN: '5', key: 'row 1', password: 'hush' };
    expect(redactSecrets(message, { also: ['pin'], except: ['key'] })).toEqual({
      pin: '[redacted]',
      PIN: '[redacted]',
      key: 'row 1',
      password: '[redacted]',
    });
  });

  it('leaves the value itself unchanged, and keeps bytes, dates and instances with toJSON()', () => {
    const value = { password: 'hush', bytes: Buffer.from('x'), at: new Date(0), no: null };
    expect(redactSecrets(value)).toEqual({ ...value, password: '[redacted]' });
    expect(value.password).toBe('hush');
    expect(redactSecrets(undefined)).toBeUndefined();
    expect(redactSecrets(5n)).toBe(5n);
  });

  it('ends for a value that holds itself, and for one that is very deep', () => {
    const self: Record<string, unknown> = {};
    self['self'] = self;
    expect(redactSecrets(self)).toEqual({ self: '[circular]' });
    let deep: unknown = 'x';
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(JSON.stringify(redactSecrets(deep))).toContain('[too deep]');
  });
});
