/** what a callback of the user's throws ends up, typed, where its caller looks. */

import { describe, expect, it } from 'vitest';
import {
  type Codec,
  CodecError,
  ConnectError,
  HandlerError,
  type Handshake,
  LimitError,
  lines,
  type ProtocolDefinition,
  StateError,
  streamPair,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { rejection, turn } from '../support/signal.ts';
import { stalledStream } from '../support/streams.ts';

expectIdleAfterEach();

const THROWN = new Error('thrown by the user');
const fail = (): never => {
  throw THROWN;
};
const reject = () => Promise.reject(THROWN);

/** A codec of lines, with one part of it replaced. */
function linesBut(part: Partial<Codec<string>>): Codec<string> {
  return { ...lines(), ...part };
}

/** Connects to a peer that says one line. */
async function connectAndHear(definition: Partial<ProtocolDefinition<string>>) {
  const [stream, peer] = streamPair();
  peer.end('hello\n');
  peer.resume();
  const protocol = createProtocol({ codec: lines(), ...definition });
  await protocol.connect({ stream });
  return protocol;
}

function expectHandlerError(error: unknown, callback: string): void {
  expect(error).toBeInstanceOf(HandlerError);
  expect(error).toMatchObject({ code: 'ERR_HANDLER', cause: THROWN });
  expect(error).toHaveProperty('message', `The callback ${callback} threw: thrown by the user`);
}

describe('X-12 a callback for inbound messages', () => {
  it.each([
    ['onMessage', 'throws', { onMessage: fail }],
    ['onMessage', 'rejects', { onMessage: reject }],
    ['inbound', 'throws', { inbound: fail }],
  ] as const)('%s that %s ends the session with a HandlerError', async (name, _, definition) => {
    const protocol = await connectAndHear(definition);
    const { cause } = await protocol.closed;
    expectHandlerError(cause, name);
    expect(protocol.outcome?.cause).toBe(cause);
    expect(await rejection(protocol.disconnect())).toBe(cause);
    await protocol.disconnect();
  });

  it('may end the session with an error of the library, which passes as it is', async () => {
    const own = new LimitError('Too many', 1, 2);
    const protocol = await connectAndHear({
      onMessage: () => {
        throw own;
      },
    });
    expect((await protocol.closed).cause).toBe(own);
  });

  it.each([undefined, null, 'text', 0, Object.create(null)])(
    'may throw what is no Error: %o',
    async (thrown: unknown) => {
      const protocol = await connectAndHear({
        onMessage: () => {
          throw thrown;
        },
      });
      const { cause } = await protocol.closed;
      expect(cause).toBeInstanceOf(HandlerError);
      expect(cause).toHaveProperty('cause', thrown);
    },
  );

  it('may return something with a then() that throws', async () => {
    const protocol = await connectAndHear({ onMessage: () => ({ then: fail }) as never });
    expectHandlerError((await protocol.closed).cause, 'onMessage');
  });
});

describe('X-12 a callback for outbound messages', () => {
  it('outbound that throws rejects the send() and ends the session', async () => {
    const protocol = createProtocol({ codec: lines(), outbound: fail });
    const [stream] = streamPair();
    await protocol.connect({ stream });
    const error = await rejection(protocol.send('x'));
    expectHandlerError(error, 'outbound');
    stream.push(null);
    expect((await protocol.closed).cause).toBe(error);
  });

  it('outbound that throws an error of the library ends the session too, whichever it is', async () => {
    const own = new CodecError('not this one');
    const protocol = createProtocol({
      codec: lines(),
      outbound: () => {
        throw own;
      },
    });
    const [stream] = streamPair();
    await protocol.connect({ stream });
    expect(await rejection(protocol.send('x'))).toBe(own);
    stream.push(null);
    expect((await protocol.closed).cause).toBe(own);
  });

  it.each([
    ['a CodecError', new CodecError('cannot')],
    ['another error of the library', new LimitError('too large', 1, 2)],
    ['any other error', THROWN],
  ])('codec.encode that throws %s concerns its sender only', async (_, thrown) => {
    const encode = (message: string) => {
      if (message === 'bad') throw thrown;
      return `${message}\n`;
    };
    const [stream, peer] = streamPair();
    const protocol = createProtocol({ codec: linesBut({ encode }) });
    await protocol.connect({ stream });
    expect(await rejection(protocol.send('bad'))).toHaveProperty('code');
    await protocol.send('good');
    await protocol.flush();
    expect(String(peer.read())).toBe('good\n');
    await protocol.disconnect({ force: true });
  });
});

describe('X-12 a codec', () => {
  it('whose createDecoder throws is a ConnectError of connect()', async () => {
    const protocol = createProtocol({ codec: linesBut({ createDecoder: fail }) });
    const [stream] = streamPair();
    const error = await rejection(protocol.connect({ stream }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ retryable: false });
    expectHandlerError(error instanceof Error && error.cause, 'codec.createDecoder');
    expect(stream.destroyed).toBe(true);
  });

  it.each(['write', 'read', 'end'] as const)(
    'whose decoder throws in %s() ends the session with a CodecError',
    async (method) => {
      const quiet = { write: () => undefined, read: () => undefined, end: () => undefined };
      const createDecoder = () => ({ ...quiet, [method]: fail });
      const protocol = await connectAndHear({ codec: linesBut({ createDecoder }) });
      const { cause } = await protocol.closed;
      expect(cause).toBeInstanceOf(CodecError);
      expect(cause?.cause).toBe(THROWN);
    },
  );
});

describe('X-12 a handshake', () => {
  it.each([
    ['throws', fail],
    ['rejects', reject],
  ])('that %s is a ConnectError of connect(), and leaves IDLE', async (_, handshake) => {
    const protocol = createProtocol({ codec: lines(), handshake });
    const [stream] = streamPair();
    const error = await rejection(protocol.connect({ stream }));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'session', retryable: false });
    expectHandlerError(error instanceof Error && error.cause, 'handshake');
    expect(stream.destroyed).toBe(true);
    await protocol.disconnect();
  });

  it('sees what inbound and outbound throw as the errors of its calls', async () => {
    const errors: unknown[] = [];
    const protocol = createProtocol({
      codec: lines(),
      inbound: fail,
      outbound: fail,
      handshake: async (session) => {
        errors.push(await rejection(session.send('x')), await rejection(session.receive()));
      },
    });
    const [stream, peer] = streamPair();
    peer.write('hello\n');
    await protocol.connect({ stream });
    expectHandlerError(errors[0], 'outbound');
    expectHandlerError(errors[1], 'inbound');
    await protocol.disconnect({ force: true });
  });

  it('may leave what it asked for, without an unhandled rejection', async () => {
    const protocol = createProtocol({
      codec: lines(),
      handshake: (session) => {
        void session.receive();
        return Promise.resolve();
      },
    });
    await protocol.connect({ stream: streamPair()[0] });
    await turn();
    await protocol.disconnect({ force: true });
  });

  it('may send without waiting, and the stream may break: no unhandled rejection', async () => {
    const protocol = createProtocol({
      codec: lines(),
      handshake: async (session) => {
        void session.send('one');
        void session.send('two');
        await session.receive();
      },
    });
    const stream = stalledStream();
    const connected = rejection(protocol.connect({ stream }));
    await turn();
    stream.destroy(new Error('broken'));
    expect(await connected).toMatchObject({ phase: 'session', cause: { code: 'ERR_CLOSED' } });
    await turn();
  });

  it('cannot use its session afterwards', async () => {
    let kept: Handshake<string> | undefined;
    const protocol = createProtocol({
      codec: lines(),
      handshake: (session) => {
        kept = session;
        return Promise.resolve();
      },
    });
    await protocol.connect({ stream: streamPair()[0] });
    if (kept === undefined) throw new Error('There was no handshake');
    expect(await rejection(kept.receive())).toBeInstanceOf(StateError);
    expect(await rejection(kept.send('x'))).toBeInstanceOf(StateError);
    await protocol.disconnect({ force: true });
  });
});

describe('X-12 a callback of the options', () => {
  const logger = { debug: fail, info: fail, warn: fail, error: fail };

  it('logger that throws changes nothing', async () => {
    const [stream, peer] = streamPair();
    const protocol = createProtocol({ codec: lines() }, { logger });
    await protocol.connect({ stream });
    await protocol.send('x');
    peer.resume().end('hello\n');
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it.each([
    ['text of JSON', { toJSON: () => undefined }],
    ['text at all', Object.assign(Object.create(null) as object, { toJSON: fail })],
  ])('logger is no trouble for messages without %s', async (_, message: object) => {
    const quiet = { debug: () => undefined, info: fail, warn: fail, error: fail };
    const deaf = { write: () => undefined, read: () => undefined, end: () => undefined };
    const codec: Codec<object> = { encode: () => '\n', createDecoder: () => deaf };
    const protocol = createProtocol({ codec }, { logger: quiet });
    await protocol.connect({ stream: streamPair()[0] });
    await protocol.send(message);
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it.each([
    ['a function', fail],
    ['an observer', { next: fail }],
  ])('inspect, %s, that throws changes nothing, and is recorded', async (_, inspect) => {
    const { records, logger: recording } = recordingLogger();
    const options = { inspect, logger: recording };
    const protocol = createProtocol({ codec: lines() }, options);
    await protocol.connect({ stream: streamPair()[0] });
    expect(protocol.runstate).toBe('RUNNING');
    expect(records).toContain('warn The callback inspect threw: thrown by the user');
    await protocol.disconnect({ force: true });
  });
});
