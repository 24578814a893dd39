/** what happens when a callback of the user throws or rejects. */

import { describe, expect, it } from 'vitest';
import {
  type Codec,
  CodecError,
  ConnectError,
  HandlerError,
  type Session,
  LimitError,
  lines,
  type ProtocolDefinition,
  StateError,
  streamPair,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { rejection, turn } from '../support/signal.ts';
import { receivedText, stalledStream } from '../support/streams.ts';

expectIdleAfterEach();

const THROWN = new Error('thrown by the user');
const throwError = (): never => {
  throw THROWN;
};
const rejectWithError = () => Promise.reject(THROWN);

/** The codec `lines()` with one part replaced. */
function linesWith(part: Partial<Codec<string>>): Codec<string> {
  return { ...lines(), ...part };
}

/** Connects to a peer that sends one line. */
async function sessionWithOneLine(definition: Partial<ProtocolDefinition<string>>) {
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
    ['onMessage', 'throws', { onMessage: throwError }],
    ['onMessage', 'rejects', { onMessage: rejectWithError }],
    ['inbound', 'throws', { inbound: throwError }],
  ] as const)('%s that %s ends the session with a HandlerError', async (name, _, definition) => {
    const protocol = await sessionWithOneLine(definition);
    const { cause } = await protocol.closed;
    expectHandlerError(cause, name);
    expect(protocol.outcome?.cause).toBe(cause);
    expect(await rejection(protocol.disconnect())).toBe(cause);
    await protocol.disconnect();
  });

  it('may end the session with an error of the library, which is not wrapped', async () => {
    const own = new LimitError('Too many', 1, 2);
    const protocol = await sessionWithOneLine({
      onMessage: () => {
        throw own;
      },
    });
    expect((await protocol.closed).cause).toBe(own);
  });

  it.each([undefined, null, 'text', 0, Object.create(null)])(
    'may throw a value that is not an Error: %o',
    async (thrown: unknown) => {
      const protocol = await sessionWithOneLine({
        onMessage: () => {
          throw thrown;
        },
      });
      const { cause } = await protocol.closed;
      expect(cause).toBeInstanceOf(HandlerError);
      expect(cause).toHaveProperty('cause', thrown);
    },
  );

  it('may return an object whose then() throws', async () => {
    const protocol = await sessionWithOneLine({ onMessage: () => ({ then: throwError }) as never });
    expectHandlerError((await protocol.closed).cause, 'onMessage');
  });
});

describe('X-12 a callback for outbound messages', () => {
  it('rejects the send() and ends the session when outbound throws', async () => {
    const protocol = createProtocol({ codec: lines(), outbound: throwError });
    const [stream] = streamPair();
    await protocol.connect({ stream });
    const error = await rejection(protocol.send('x'));
    expectHandlerError(error, 'outbound');
    stream.push(null);
    expect((await protocol.closed).cause).toBe(error);
  });

  it('ends the session when outbound throws any error of the library', async () => {
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
  ])('rejects only the send() when codec.encode throws %s', async (_, thrown) => {
    const encode = (message: string) => {
      if (message === 'bad') throw thrown;
      return `${message}\n`;
    };
    const [stream, peer] = streamPair();
    const protocol = createProtocol({ codec: linesWith({ encode }) });
    await protocol.connect({ stream });
    expect(await rejection(protocol.send('bad'))).toHaveProperty('code');
    await protocol.send('good');
    await protocol.flush();
    expect(receivedText(peer)).toBe('good\n');
    await protocol.disconnect({ force: true });
  });
});

describe('X-12 a codec', () => {
  it('whose createDecoder throws rejects connect() with a ConnectError', async () => {
    const protocol = createProtocol({ codec: linesWith({ createDecoder: throwError }) });
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
      const decoder = { write: () => undefined, read: () => undefined, end: () => undefined };
      const createDecoder = () => ({ ...decoder, [method]: throwError });
      const protocol = await sessionWithOneLine({ codec: linesWith({ createDecoder }) });
      const { cause } = await protocol.closed;
      expect(cause).toBeInstanceOf(CodecError);
      expect(cause?.cause).toBe(THROWN);
    },
  );
});

describe('X-12 a handshake', () => {
  it.each([
    ['throws', throwError],
    ['rejects', rejectWithError],
  ])(
    'that %s rejects connect() with a ConnectError, and the protocol is IDLE again',
    async (_, handshake) => {
      const protocol = createProtocol({ codec: lines(), handshake });
      const [stream] = streamPair();
      const error = await rejection(protocol.connect({ stream }));
      expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'session', retryable: false });
      expectHandlerError(error instanceof Error && error.cause, 'handshake');
      expect(stream.destroyed).toBe(true);
      await protocol.disconnect();
    },
  );

  it('gets the errors of inbound and outbound from its own calls', async () => {
    const errors: unknown[] = [];
    const protocol = createProtocol({
      codec: lines(),
      inbound: throwError,
      outbound: throwError,
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

  it('causes no unhandled rejection when it leaves a receive() pending', async () => {
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

  it('causes no unhandled rejection when the stream breaks under a send() that it ignores', async () => {
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
    let lateSession: Session<string> | undefined;
    const protocol = createProtocol({
      codec: lines(),
      handshake: (session) => {
        lateSession = session;
        return Promise.resolve();
      },
    });
    await protocol.connect({ stream: streamPair()[0] });
    if (lateSession === undefined) throw new Error('There was no handshake');
    expect(await rejection(lateSession.receive())).toBeInstanceOf(StateError);
    expect(await rejection(lateSession.send('x'))).toBeInstanceOf(StateError);
    await protocol.disconnect({ force: true });
  });
});

describe('X-12 a callback of the options', () => {
  const logger = { debug: throwError, info: throwError, warn: throwError, error: throwError };

  it('changes nothing when it is a logger that throws', async () => {
    const [stream, peer] = streamPair();
    const protocol = createProtocol({ codec: lines() }, { logger });
    await protocol.connect({ stream });
    await protocol.send('x');
    peer.resume().end('hello\n');
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it.each([
    ['a JSON form', { toJSON: () => undefined }],
    ['any text form', Object.assign(Object.create(null) as object, { toJSON: throwError })],
  ])('does no harm when it is a logger of messages without %s', async (_, message: object) => {
    const failingLogger = {
      debug: () => undefined,
      info: throwError,
      warn: throwError,
      error: throwError,
    };
    const decoder = { write: () => undefined, read: () => undefined, end: () => undefined };
    const codec: Codec<object> = { encode: () => '\n', createDecoder: () => decoder };
    const protocol = createProtocol({ codec }, { logger: failingLogger });
    await protocol.connect({ stream: streamPair()[0] });
    await protocol.send(message);
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it.each([
    ['a function', throwError],
    ['an observer', { next: throwError }],
  ])(
    'changes nothing when it is an `inspect`, %s, that throws, and the error is logged',
    async (_, inspect) => {
      const { records, logger: recording } = recordingLogger();
      const options = { inspect, logger: recording };
      const protocol = createProtocol({ codec: lines() }, options);
      await protocol.connect({ stream: streamPair()[0] });
      expect(protocol.runstate).toBe('RUNNING');
      expect(records).toContain('warn The callback inspect threw: thrown by the user');
      await protocol.disconnect({ force: true });
    },
  );
});
