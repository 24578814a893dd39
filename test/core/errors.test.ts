/** Errors have names that survive a bundler, and are recognized in other realms and copies. */

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  ClosedError,
  CodecError,
  ConnectError,
  HandlerError,
  isWirechartError,
  ProcessError,
  StateError,
  TimeoutError,
  WirechartError,
} from '../../src/index.ts';
import { describe as textOfError, handlerError } from '../../src/core/errors.ts';

/** A value made by code in another realm. */
const foreign = (code: string): unknown => runInNewContext(code);

/** As a second copy of the package makes it: with classes of its own, and the mark that all copies share. */
function ofAnotherCopy(members: object): Error {
  class ConnectError extends Error {}
  const error = Object.assign(new ConnectError('from afar'), members);
  return Object.defineProperty(error, Symbol.for('wirechart.error'), { value: true });
}

describe('the name of an error', () => {
  it('is that of its class, and begins its stack', () => {
    const error = new StateError('Not now', 'IDLE', 'RUNNING');
    expect(error.name).toBe('StateError');
    expect(error.stack).toMatch(/^StateError: Not now\n/);
    expect(Object.keys(error)).not.toContain('name');
  });

  it("is that of a user's own class, unless that sets another one", () => {
    class Refusal extends WirechartError {
      readonly code = 'ERR_HANDLER';
    }
    class Assigned extends Refusal {
      constructor(message: string) {
        super(message);
        this.name = 'Assigned!';
      }
    }
    const errors = [new Refusal('no'), new Assigned('no')];
    expect(errors.map(String)).toEqual(['Refusal: no', 'Assigned!: no']);
  });
});

describe('isWirechartError()', () => {
  it('recognizes every error of the library, also of another copy', () => {
    expect(isWirechartError(new ClosedError('gone'))).toBe(true);
    expect(isWirechartError(ofAnotherCopy({ code: 'ERR_CLOSED' }))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['an error', new Error('ERR_CLOSED')],
    ['an error with one of the codes', Object.assign(new Error(), { code: 'ERR_CLOSED' })],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'ERR_CLOSED'],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('is false for %s', (_, value) => {
    expect(isWirechartError(value)).toBe(false);
  });
});

describe('an error of another copy of the package', () => {
  it('is not wrapped when a callback throws it', () => {
    const error = ofAnotherCopy({ code: 'ERR_CLOSED' });
    expect(handlerError('onMessage', error)).toBe(error);
    expect(handlerError('onMessage', new Error('mine'))).toBeInstanceOf(HandlerError);
  });

  it.each([
    [{ code: 'ERR_TIMEOUT' }, true],
    [{ code: 'ERR_CLOSED' }, true],
    [{ code: 'ERR_CLOSED', cause: foreign('Object.assign(new Error, { code: "EACCES" })') }, true],
    [{ code: 'ERR_CLOSED', cause: foreign('Object.assign(new Error, { code: "EPROTO" })') }, false],
    [{ code: 'ERR_CONNECT', retryable: true }, true],
    [{ code: 'ERR_CONNECT', retryable: false }, false],
    [{ code: 'ERR_PROCESS', signal: 'SIGKILL' }, true],
    [{ code: 'ERR_PROCESS', signal: null, exitCode: 1 }, true],
    [{ code: 'ERR_PROCESS', signal: null, exitCode: 127 }, false],
    [{ code: 'ERR_CODEC', cause: ofAnotherCopy({ code: 'ERR_CLOSED' }) }, true],
    [{ code: 'ERR_CODEC' }, false],
    [{ code: 'ERR_ARGUMENT' }, false],
  ])('with %j is retryable: %s', (members, retryable) => {
    expect(new ConnectError('session', ofAnotherCopy(members)).retryable).toBe(retryable);
  });
});

describe('an error of another realm', () => {
  it.each([
    ['Object.assign(new Error("connect"), { code: "ECONNREFUSED" })', true],
    ['Object.assign(new Error("connect"), { code: "CERT_HAS_EXPIRED" })', false],
    ['new AggregateError([Object.assign(new Error, { code: "ECONNREFUSED" })])', true],
    ['new AggregateError([])', true],
    ['new AggregateError([new Error("no")])', true],
    ['new AggregateError([new TypeError("no"), new RangeError("no")])', false],
    ['new Error("no")', true],
    ['new TypeError("no")', false],
    [
      'new TypeError("fetch failed", { cause: Object.assign(new Error, { code: "ENOTFOUND" }) })',
      true,
    ],
  ])('that is %s is retryable: %s', (code, retryable) => {
    expect(new ConnectError('connection', foreign(code)).retryable).toBe(retryable);
  });

  it('is told by its message, or by those of its parts', () => {
    expect(textOfError(foreign('new TypeError("wrong")'))).toBe('wrong');
    expect(textOfError(foreign('new TypeError'))).toBe('TypeError');
    expect(textOfError(foreign('new AggregateError([new Error("a"), "b"])'))).toBe('a; b');
  });

  it('tells why a process could not be started', () => {
    const cause = foreign('Object.assign(new Error("spawn x EAGAIN"), { code: "EAGAIN" })');
    const error = new ProcessError('x', { exitCode: null, signal: null, stderr: '' }, { cause });
    expect(error.message).toBe('x could not be started: spawn x EAGAIN');
    expect(new ConnectError('connection', error).retryable).toBe(true);
  });

  it.each([
    ['all of a short standard error', ' a\nb \n', 'a\nb'],
    [
      'the last lines of a long one',
      `${'x'.repeat(400)}\n${'y'.repeat(300)}\nz\n`,
      `… ${'y'.repeat(300)}\nz`,
    ],
    [
      'the end of a long line, without half a character',
      '😀'.repeat(400) + '!',
      `… ${'😀'.repeat(249)}!`,
    ],
  ])('shows %s', (_, stderr, shown) => {
    const error = new ProcessError('x', { exitCode: 2, signal: null, stderr });
    expect(error.message).toBe(`x exited with code 2: ${shown}`);
    expect(error.stderr).toBe(stderr);
  });
});

describe('the verdict on an attempt', () => {
  it('is that of the attempt within it', () => {
    const inner = new ConnectError('connection', new TimeoutError('connect', 5));
    expect(new ConnectError('session', inner).retryable).toBe(true);
    const final = new ConnectError('connection', new CodecError('no'));
    expect(new ConnectError('session', final).retryable).toBe(false);
  });
});
