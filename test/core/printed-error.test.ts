/** How errors look when they are printed, and what happens to their causes. */

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  ClosedError,
  CodecError,
  HandlerError,
  ProcessError,
  WirechartError,
} from '../../src/index.ts';

const SAID = 'evil\u001b[2J\u202e';
const SHOWN = 'evil\\x1b[2J\\u202e';

class AuthorsError extends WirechartError {
  readonly code = 'ERR_AUTHORS';
  readonly said = SAID;
}

/** What Node prints of an error that nothing catches: it does not ask the error. */
const uncaught = (error: unknown): string => inspect(error, { customInspect: false });

describe('util.inspect() of an error', () => {
  it('shows the usual when there is nothing to escape, in colors, too', () => {
    const error = new ClosedError('The stream ended', { cause: new Error('EPIPE') });
    for (const colors of [false, true]) {
      expect(inspect(error, { colors })).toBe(inspect(error, { colors, customInspect: false }));
    }
  });

  it('escapes its members and its causes, at any depth', () => {
    const error = new AuthorsError('wrong', {
      cause: new HandlerError('onMessage', new Error(SAID)),
    });
    for (const text of [
      inspect(error),
      inspect({ a: { b: [error] } }, { depth: 9, colors: true }),
    ]) {
      expect(text).toContain(`said: '${SHOWN.replace('\\x1b', '\\x1B')}'`);
      expect(text).toContain(`Error: ${SHOWN}`);
      expect(text).not.toMatch(/\u202e/);
    }
  });

  it('shows an error that is its own cause', () => {
    const error = new AuthorsError('wrong');
    error.cause = error;
    expect(inspect(error)).toContain('[Circular *1]');
    expect(inspect([error, error], { depth: 0 })).toContain('[AuthorsError]');
  });

  it('leaves the members of others their own looks, which may hide secrets', () => {
    const error = Object.assign(new AuthorsError('wrong'), {
      password: { secret: 'hunter2', [inspect.custom]: () => '[hidden]' },
    });
    expect(inspect(error)).toContain('password: [hidden]');
  });
});

describe('a cause that the system, TLS or a decoder has created', () => {
  it('is escaped in place, with its members, and its objects are not printed', () => {
    const cert = { subject: { CN: SAID } };
    const cause = Object.assign(new Error(`wrong: ${SAID}\nFORGED`), { reason: SAID, cert });
    const error = new ClosedError('The stream failed', { cause });
    expect(error.cause).toBe(cause);
    expect(cause.message).toBe(`wrong: ${SHOWN}\\nFORGED`);
    expect(cause.cert).toBe(cert);
    expect(uncaught(error)).not.toMatch(/\u001b|\u202e|^\s*FORGED/m);
  });

  it('stays as it is when there is nothing to escape, or when it is frozen', () => {
    const plain = new Error('read ECONNRESET');
    const { stack } = plain;
    expect(new CodecError('wrong', undefined, { cause: plain }).cause).toBe(plain);
    expect(plain.stack).toBe(stack);
    const frozen = Object.freeze(new Error(SAID));
    expect(new ClosedError('The stream failed', { cause: frozen }).cause).toBe(frozen);
    expect(frozen.message).toBe(SAID);
  });
});

describe('what a callback has thrown', () => {
  it('is the cause as it is, and escaped in the message', () => {
    const thrown = new Error(SAID);
    const error = new HandlerError('onMessage', thrown);
    expect(error.cause).toBe(thrown);
    expect(thrown.message).toBe(SAID);
    expect(error.message).toBe(`The callback onMessage threw: ${SHOWN}`);
  });

  it('is cut in the message, and kept up to 16 384 characters when it is a text', () => {
    const error = new HandlerError('onMessage', 'x'.repeat(1_000_000));
    expect(error.message.length).toBeLessThan(4_200);
    expect(String(error.cause).length).toBeLessThan(16_500);
  });
});

describe('a member with what a peer has said', () => {
  const exit = { exitCode: 1, signal: null } as const;

  it('is printed if it can be', () => {
    expect(uncaught(new ProcessError('qemu', { ...exit, stderr: 'no\nroom' }))).toContain(
      'stderr:',
    );
  });

  it('is exact, and not printed, if it cannot', () => {
    const error = new ProcessError('qemu', { ...exit, stderr: SAID });
    expect(error.stderr).toBe(SAID);
    expect(uncaught(error)).not.toContain('stderr:');
    expect(uncaught(error)).not.toMatch(/\u001b|\u202e/);
  });
});
