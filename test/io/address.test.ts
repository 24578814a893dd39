import { Socket } from 'node:net';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/core/errors.ts';
import { parseAddress } from '../../src/io/address.ts';

describe('an address', () => {
  // A caller in plain JavaScript can pass anything.
  const parse = (address: unknown): unknown => Reflect.apply(parseAddress, undefined, [address]);

  function oneWay(): Duplex {
    const stream = new PassThrough().resume();
    stream.push(null);
    return stream;
  }

  function lockedStream(): ReadableStream {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  }

  it.each([
    ['a string', '/run/x', { kind: 'unix', path: '/run/x' }],
    ['a path', { path: 'x' }, { kind: 'unix', path: 'x' }],
    [
      'a path and fields that are undefined',
      { path: 'x', port: undefined, host: undefined },
      { kind: 'unix', path: 'x' },
    ],
    ['107 bytes', 'x'.repeat(107), { kind: 'unix', path: 'x'.repeat(107) }],
    ['a port', { port: 0 }, { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['a host', { host: '::1', port: 65_535 }, { kind: 'tcp', host: '::1', port: 65_535 }],
    ['TLS', { port: 1, tls: {} }, { kind: 'tcp', host: '127.0.0.1', port: 1, tls: {} }],
  ])('can be %s', (_, address, target) => {
    expect(parse(address)).toEqual(target);
  });

  it.each([
    ['nothing', undefined, 'The address must be a path'],
    ['null', null, 'not null'],
    ['a number', 4444, 'not 4444'],
    ['a symbol', Symbol('x'), 'not Symbol(x)'],
    ['no field', {}, 'exactly one of path, port and stream'],
    ['no prototype', Object.create(null), 'exactly one of path, port and stream'],
    ['an array', ['x'], 'exactly one of path, port and stream'],
    ['a path and a port', { path: 'x', port: 1 }, 'exactly one of path, port and stream'],
    ['a path with TLS', { path: 'x', tls: {} }, 'belong to a TCP address'],
    ['a host without a port', { host: 'x' }, 'exactly one of path, port and stream'],
    ['an empty path', '', 'must not be empty'],
    ['a path that is not a string', { path: 5 }, 'must be a string, not 5'],
    ['a path with NUL', '\0abstract', 'NUL'],
    ['108 bytes', 'x'.repeat(108), 'may have 107 bytes, this one has 108'],
    ['108 bytes in fewer characters', 'ä'.repeat(54), 'this one has 108'],
    ['a port as text', { port: '4444' }, 'integer from 0 to 65535, not "4444"'],
    ['a negative port', { port: -1 }, 'not -1'],
    ['a port above 65535', { port: 65_536 }, 'not 65536'],
    ['a fractional port', { port: 1.5 }, 'not 1.5'],
    ['a port that is not a number', { port: NaN }, 'not NaN'],
    ['a port that is null', { port: null }, 'not null'],
    ['an empty host', { host: '', port: 1 }, 'host must be'],
    ['a host that is null', { host: null, port: 1 }, 'not null'],
    ['tls: true', { port: 1, tls: true }, "Node's TLS options, not true"],
    ['a stream that is an object', { stream: {} }, '{ readable, writable }, not an object'],
    ['a stream that is null', { stream: null }, '{ readable, writable }, not null'],
    ['half a stream', { stream: { readable: new PassThrough() } }, 'not an object'],
    [
      'a stream that can only be read',
      { stream: Readable.from([]) },
      'must be a duplex stream or { readable, writable }',
    ],
    [
      'a pair in object mode',
      { stream: { readable: Readable.from(['a']), writable: new PassThrough() } },
      'object mode',
    ],
    [
      'a pair with a half that was ended',
      { stream: { readable: new PassThrough(), writable: new PassThrough().end() } },
      'written to',
    ],
    [
      'a pair with a half that is locked',
      { stream: { readable: lockedStream(), writable: new WritableStream() } },
      'is locked',
    ],
    ['a stream in object mode', { stream: new PassThrough({ objectMode: true }) }, 'object mode'],
    ['a stream with an encoding', { stream: new PassThrough({ encoding: 'utf8' }) }, 'encoding'],
    ['a destroyed stream', { stream: new PassThrough().destroy() }, 'is destroyed'],
    ['a stream that was ended', { stream: new PassThrough().end() }, 'written to'],
    ['a stream that cannot be read', { stream: oneWay() }, 'read from'],
  ])('cannot be %s', (_, address, message) => {
    expect(() => parse(address)).toThrow(ArgumentError);
    expect(() => parse(address)).toThrow(message);
  });

  it('can be a socket that has not connected yet', () => {
    const stream = new Socket();
    expect(parse({ stream })).toEqual({ kind: 'stream', stream });
  });
});
