import { Socket } from 'node:net';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/core/errors.ts';
import { parseAddress } from '../../src/io/address.ts';

describe('an address', () => {
  // A caller in plain JavaScript can pass anything.
  const parse = (address: unknown): unknown => Reflect.apply(parseAddress, undefined, [address]);

  const tcp = (members: object) => ({
    kind: 'tcp',
    host: '127.0.0.1',
    port: 1,
    keepAlive: 30_000,
    ...members,
  });

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
    ['a port', { port: 0 }, tcp({ port: 0 })],
    ['a host', { host: '::1', port: 65_535 }, tcp({ host: '::1', port: 65_535 })],
    ['TLS', { port: 1, tls: {} }, tcp({ tls: {} })],
    ['TCP without keep-alive', { port: 1, keepAlive: false }, tcp({ keepAlive: undefined })],
    ['TCP with keep-alive', { port: 1, keepAlive: true }, tcp({})],
    ['TCP with keep-alive after a time', { port: 1, keepAlive: 1_500 }, tcp({ keepAlive: 1_500 })],
    ["a path as QEMU's", 'unix:/run/x', { kind: 'unix', path: '/run/x' }],
    ["a relative path as QEMU's", 'unix:x', { kind: 'unix', path: 'x' }],
    ['a path that begins like an address', './tcp:1:1', { kind: 'unix', path: './tcp:1:1' }],
    ['a member path of any text', { path: 'tcp:1:1' }, { kind: 'unix', path: 'tcp:1:1' }],
    ["a host and a port as QEMU's", 'tcp:vm.local:4444', tcp({ host: 'vm.local', port: 4444 })],
    ["a port as QEMU's", 'tcp::4444', tcp({ port: 4444 })],
    ["an IPv6 address as QEMU's", 'tcp:[::1]:4444', tcp({ host: '::1', port: 4444 })],
    ["TLS as QEMU's", 'tls:vm:4444', tcp({ host: 'vm', port: 4444, tls: {} })],
  ])('can be %s', (_, address, target) => {
    expect(parse(address)).toEqual(target);
  });

  it.each([
    ['nothing', undefined, 'The address must be a path'],
    ['undefined', undefined, 'or { stream }, not undefined'],
    ['null', null, 'not null'],
    ['a number', 4444, 'not 4444'],
    ['a symbol', Symbol('x'), 'not Symbol(x)'],
    ['no field', {}, 'exactly one of path, port and stream'],
    ['no prototype', Object.create(null), 'exactly one of path, port and stream'],
    ['an array', ['x'], 'not an array'],
    ['a path and a port', { path: 'x', port: 1 }, 'exactly one of path, port and stream'],
    ['a path with TLS', { path: 'x', tls: {} }, "'tls' belongs to a TCP address"],
    ['a path with a host', { path: 'x', host: 'y' }, "'host' belongs to a TCP address"],
    ['a misspelt member', { hots: 'x', port: 1 }, "no member 'hots': did you mean 'host'?"],
    ['a misspelt port', { prot: 1 }, "no member 'prot': did you mean 'port'?"],
    ['an unknown member', { path: 'x', color: 1 }, "no member 'color'; it has path"],
    [
      "Node's own address",
      { address: '::1', family: 'IPv6', port: 1 },
      "no member 'address'; it has",
    ],
    ['keepAlive: 0', { port: 1, keepAlive: 0 }, 'keepAlive must be true, false or a number of ms'],
    ['keepAlive as text', { port: 1, keepAlive: '5' }, 'not "5" (a string)'],
    ['an endless keepAlive', { port: 1, keepAlive: Infinity }, 'at most 32767000, not Infinity'],
    ['a host and a port without a scheme', 'vm:4444', "write 'tcp:vm:4444' or './vm:4444'"],
    ['an IPv6 address without brackets', 'tcp:::1:4444', 'an IPv6 address in brackets'],
    ['a URL', 'tcp://vm:4444', "must be 'tcp:HOST:PORT'"],
    ['a scheme without a port', 'tls:vm', "must be 'tls:HOST:PORT'"],
    ['a port that is too large', 'tcp:vm:70000', 'from 0 to 65535, not 70000'],
    ["QEMU's option for TCP", 'tcp:vm:1,server,nowait', "must be 'tcp:HOST:PORT', without QEMU's"],
    [
      "QEMU's option for a path",
      'unix:/x,server=on,wait=off',
      "must be 'unix:PATH', without QEMU's",
    ],
    ['a scheme without a path', 'unix:', 'must not be empty'],
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
