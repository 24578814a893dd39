/** What each kind of error says about a retry: final is only what is known to be. */

import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  ClosedError,
  CodecError,
  ConnectError,
  HandlerError,
  LimitError,
  ProcessError,
  RefusedError,
  StateError,
  TimeoutError,
  WirechartError,
} from '../../src/index.ts';
import { toFailure } from '../../src/core/errors.ts';
import {
  BadReplyError,
  ExecInterruptedError,
  ExecuteError,
  GreetingError,
  NegotiationError,
} from '../../src/qmp/index.ts';

const coded = (code: string, members: object = {}) =>
  Object.assign(new Error(`It failed: ${code}`), { code, ...members });

const connectErrorOf = (cause: unknown) => new ConnectError('connection', cause);

class PgError extends WirechartError {
  readonly code = 'ERR_PG';
}

const PASSING_CODES = [
  ...['EACCES', 'EADDRINUSE', 'EADDRNOTAVAIL', 'EAGAIN', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA'],
  ...['EAI_NONAME', 'EBUSY', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTDOWN', 'EINTR'],
  ...['EHOSTUNREACH', 'EIO', 'EMFILE', 'ENETDOWN', 'ENETUNREACH', 'ENFILE', 'ENOBUFS', 'ENODATA'],
  ...['ENOENT', 'ENOMEM', 'ENOSPC', 'ENOTFOUND', 'EPERM', 'EPIPE', 'ESERVFAIL', 'ETIMEDOUT'],
  ...['CERT_NOT_YET_VALID', 'CRL_NOT_YET_VALID', 'OUT_OF_MEM'],
  ...['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'ERR_SOMETHING_NEW', 'anything'],
];
const FINAL_CODES = [
  ...['CERT_HAS_EXPIRED', 'CERT_REVOKED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'HOSTNAME_MISMATCH'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'SELF_SIGNED_CERT_IN_CHAIN', 'INVALID_PURPOSE'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'EPROTO'],
  ...['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ENAMETOOLONG', 'EINVAL'],
];

describe('an attempt is worth another one', () => {
  it.each(PASSING_CODES)('after %s', (code) => {
    expect(connectErrorOf(coded(code)).retryable).toBe(true);
    expect(connectErrorOf(new ClosedError('gone', { cause: coded(code) })).retryable).toBe(true);
  });

  it.each(FINAL_CODES)('but not after %s', (code) => {
    expect(connectErrorOf(coded(code)).retryable).toBe(false);
    expect(connectErrorOf(new ClosedError('gone', { cause: coded(code) })).retryable).toBe(false);
  });

  it('when one of several addresses of a host may answer later', () => {
    const [refused, expired] = [coded('ECONNREFUSED'), coded('CERT_HAS_EXPIRED')];
    expect(connectErrorOf(new AggregateError([expired, refused])).retryable).toBe(true);
    expect(connectErrorOf(new AggregateError([expired, expired])).retryable).toBe(false);
  });

  it('when nothing is known of what was thrown', () => {
    for (const thrown of [undefined, null, 'no', 5, Symbol('no'), {}, () => 'no']) {
      expect(connectErrorOf(thrown).retryable).toBe(true);
    }
  });

  it('but not when it was ended on request', () => {
    const error = new ConnectError('connection', coded('ECONNREFUSED'), 'ERR_CONNECT_ABORTED');
    expect(error.retryable).toBe(false);
  });

  it('but not when the peer speaks another protocol', () => {
    expect(new ConnectError('session', new CodecError('no')).retryable).toBe(false);
    expect(new ConnectError('session', new LimitError('no', 1, 2)).retryable).toBe(false);
  });
});

const FAILED_PROCESS = { exitCode: null, signal: null, stderr: '' };
const unstarted = (code: string) => new ProcessError('x', FAILED_PROCESS, { cause: coded(code) });
const exited = (exitCode: number) => new ProcessError('x', { ...FAILED_PROCESS, exitCode });

describe('an error of the library says that a retry', () => {
  it.each<[string, WirechartError]>([
    ['a state that does not allow the call', new StateError('no', 'IDLE', 'RUNNING')],
    ['a deadline', new TimeoutError('wait', 5)],
    ['an end of the stream', new ClosedError('gone')],
    [
      'invalid bytes within a session',
      new CodecError('no', undefined, { cause: SyntaxError('x') }),
    ],
    ['a full queue', new LimitError('full', 1, 2)],
    ['a refusal', new RefusedError('starting up')],
    [
      'a signal that ended a process',
      new ProcessError('x', { ...FAILED_PROCESS, signal: 'SIGBUS' }),
    ],
    ['a process that exited', exited(1)],
    ['a process that could not be started for the moment', unstarted('EAGAIN')],
    [
      'a command that failed',
      new ExecuteError('x', { error: { class: 'GenericError', desc: '' } }),
    ],
    ['an interrupted command', new ExecInterruptedError('x', new ClosedError('gone'))],
    ['a bad reply', new BadReplyError('x', {})],
    ["an author's own error", new PgError('no')],
    ["an author's own error with a passing cause", new PgError('no', { cause: coded('EPIPE') })],
    ['a callback that met a passing error', new HandlerError('f', coded('ECONNREFUSED'))],
    [
      'a callback that met one through fetch()',
      new HandlerError('f', new TypeError('fetch failed', { cause: coded('ENOTFOUND') })),
    ],
    ['a callback that met a deadline', new HandlerError('f', new DOMException('', 'TimeoutError'))],
    ['a callback whose error says so', new HandlerError('f', coded('X', { retryable: true }))],
  ])('may help after %s', (_, error) => {
    expect(error.retryable).toBe(true);
    expect(JSON.stringify(Object.keys(error))).not.toContain('judge');
  });

  it.each<[string, WirechartError]>([
    ['a bad argument', new ArgumentError('no')],
    ['a final refusal', new RefusedError('wrong password', { retryable: false })],
    ['a callback that threw', new HandlerError('onMessage', new Error('a defect'))],
    ['a callback that threw nothing', new HandlerError('onMessage', undefined)],
    ['a missing program', unstarted('ENOENT')],
    ['a program that may not be executed', unstarted('EACCES')],
    ["a missing program in a wrapper's words", exited(127)],
    ['a wrong greeting', new GreetingError('no', {})],
    ['a failed negotiation', new NegotiationError('no')],
    [
      'a command that a final error interrupted',
      new ExecInterruptedError('x', new ArgumentError('')),
    ],
    ["an author's own error with a final cause", new PgError('no', { cause: new TypeError('x') })],
    ['an end with a final cause', new ClosedError('gone', { cause: coded('CERT_REVOKED') })],
  ])('cannot help after %s', (_, error) => {
    expect(error.retryable).toBe(false);
  });
});

describe('the verdict', () => {
  it("is that of an author's own class", () => {
    class Field extends PgError {
      override readonly retryable = false;
    }
    class Accessor extends PgError {
      override get retryable(): boolean {
        return this.message === 'yes';
      }
    }
    class Assigned extends PgError {
      override readonly retryable: boolean;
      constructor(message: string, retryable: boolean) {
        super(message);
        this.retryable = retryable;
      }
    }
    const verdicts = [
      new Field('x'),
      new Accessor('yes'),
      new Accessor('no'),
      new Assigned('x', false),
      new Assigned('x', true),
    ].map((error) => [error.retryable, connectErrorOf(error).retryable]);
    expect(verdicts.map(String)).toEqual([
      'false,false',
      'true,true',
      'false,false',
      'false,false',
      'true,true',
    ]);
  });

  it('can be changed on an error, as JavaScript does', () => {
    const error = Object.assign(new ClosedError('gone'), { retryable: false });
    expect(error.retryable).toBe(false);
  });

  it('ends for an error that is among its own causes', () => {
    const error = new ClosedError('gone');
    const other = new AggregateError([error], 'both');
    Object.assign(error, { cause: other });
    expect(error.retryable).toBe(true);
    const loop: Error & { errors?: unknown } = new Error('loop');
    loop.errors = [loop, loop];
    loop.cause = loop;
    expect(connectErrorOf(loop).retryable).toBe(true);
    expect(new HandlerError('f', loop).retryable).toBe(false);
  });

  it('is asked for in vain of an error that throws', () => {
    const hostile = new Proxy(new Error('no'), {
      get: () => {
        throw new Error('hands off');
      },
    });
    expect(new ClosedError('gone', { cause: hostile }).retryable).toBe(true);
  });

  it('shows in no listing of the members', () => {
    expect(Object.keys(new PgError('no'))).toEqual(['code']);
  });
});

describe('what fail() is given', () => {
  it('is the cause itself when it is an error of the library or of an author', () => {
    const error = new PgError('no');
    expect(toFailure(error)).toBe(error);
  });

  it.each<[string, unknown, string, boolean]>([
    ['an error', new Error('no heartbeat'), 'no heartbeat', true],
    ['an error of a check', new TypeError('id is missing'), 'id is missing', true],
    ['an error that says final', coded('X', { retryable: false }), 'It failed: X', false],
    ['a text', 'no heartbeat', 'no heartbeat', true],
    ['nothing', undefined, 'The session was failed, without a reason', true],
  ])('becomes a refusal when it is %s', (_, reason, message, retryable) => {
    const error = toFailure(reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ message, retryable, code: 'ERR_REFUSED', cause: reason });
  });
});
