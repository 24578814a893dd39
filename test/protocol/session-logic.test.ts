/** A handshake or a farewell that is actor logic of XState: a machine, a promise, a callback. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  createActor,
  createMachine,
  type EventObject,
  fromCallback,
  fromPromise,
  setup,
  SimulatedClock,
} from 'xstate';
import {
  ArgumentError,
  AsyncProtocol,
  defineClient,
  lines,
  RefusedError,
  type Session,
  type SessionLogic,
  streamPair,
} from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { create, createPeer, type Input, login, recordActors } from './login.ts';

expectIdleAfterEach();

describe('a machine as the handshake', () => {
  it('logs in, and its output is negotiated', async () => {
    const peer = createPeer('mail 1.0', (line) => (line === 'secret' ? 'welcome' : 'no'));
    const protocol = create(login);
    await protocol.connect({ stream: peer.stream });
    expect(protocol.negotiated).toEqual({ banner: 'mail 1.0' });
    expectTypeOf(protocol.negotiated).toEqualTypeOf<{ banner: string } | undefined>();
    expect(peer.received).toEqual(['secret']);
    await protocol.disconnect();
  });

  it('gives its output to the sessions of the other callbacks', async () => {
    const peer = createPeer('mail 1.0', () => 'welcome');
    const handled = defer<string>();
    const protocol = track(
      new AsyncProtocol({
        codec: lines(),
        handshake: login,
        onMessage: (line: string, { negotiated }) => {
          handled.resolve(`${negotiated.banner}: ${line}`);
        },
      }),
    );
    await protocol.connect({ stream: peer.stream });
    await protocol.send('hello');
    expect(await handled.promise).toBe('mail 1.0: welcome');
    await protocol.disconnect();
  });

  it('rejects connect() with its error, as a callback does', async () => {
    const peer = createPeer('mail 1.0', () => 'wrong password');
    const protocol = create(login);
    await expect(protocol.connect({ stream: peer.stream })).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      retryable: false,
      cause: expect.objectContaining({ code: 'ERR_REFUSED', message: 'wrong password' }) as Error,
    });
    expect(protocol.outcome?.suppressed).toEqual([]);
  });

  it('has an error of its own code wrapped in a HandlerError', async () => {
    const failing = setup({
      types: { input: {} as Input },
    }).createMachine({
      context: () => {
        throw new TypeError('a bug');
      },
    });
    const peer = createPeer('mail 1.0', () => undefined);
    const protocol = create(failing);
    await expect(protocol.connect({ stream: peer.stream })).rejects.toMatchObject({
      cause: expect.objectContaining({
        code: 'ERR_HANDLER',
        message: 'The callback handshake threw: a bug',
      }) as Error,
    });
  });

  it('may be done when it starts', async () => {
    const [ours, theirs] = streamPair();
    cleanUp(() => theirs.destroy());
    const immediate = setup({
      types: { input: {} as Input, output: {} as number },
    }).createMachine({ initial: 'done', states: { done: { type: 'final' } }, output: 7 });
    const protocol = create(immediate);
    await protocol.connect({ stream: ours });
    expect(protocol.negotiated).toBe(7);
    await protocol.disconnect({ force: true });
  });

  it('runs anew for each session', async () => {
    const protocol = create(login);
    for (const greeting of ['one', 'two']) {
      const peer = createPeer(greeting, () => 'welcome');
      await protocol.connect({ stream: peer.stream });
      expect(protocol.negotiated).toEqual({ banner: greeting });
      await protocol.disconnect();
    }
  });

  it('leaves the messages that it has not received to the next reader', async () => {
    const [ours, theirs] = streamPair();
    theirs.end('hello\nwelcome\none\ntwo\n');
    const protocol = create(login);
    await protocol.connect({ stream: ours });
    const rest: string[] = [];
    for await (const line of protocol) rest.push(line);
    expect(rest).toEqual(['one', 'two']);
    await protocol.closed;
  });
});

describe('other logic as the handshake', () => {
  it('may be a promise', async () => {
    const peer = createPeer('hello', () => undefined);
    const protocol = create(fromPromise<string, Input>(({ input }) => input.session.receive()));
    await protocol.connect({ stream: peer.stream });
    expect(protocol.negotiated).toBe('hello');
    expectTypeOf(protocol.negotiated).toEqualTypeOf<string | undefined>();
    await protocol.disconnect();
  });

  it('may be returned by a function', async () => {
    const peer = createPeer('hello', () => 'welcome');
    const protocol = create(({ remote }) => {
      expect(remote).toBeDefined();
      return login;
    });
    await protocol.connect({ stream: peer.stream });
    expect(protocol.negotiated).toEqual({ banner: 'hello' });
    await protocol.disconnect();
  });

  it('may be a callback that sends DONE, and is then stopped', async () => {
    const peer = createPeer('hello', () => undefined);
    const events: string[] = [];
    const protocol = create<string>(
      fromCallback<EventObject, Input>(({ input, sendBack }) => {
        void input.session.receive().then((output) => {
          sendBack({ type: 'DONE', output });
          sendBack({ type: 'FAIL', error: new Error('too late') });
        });
        return () => {
          events.push('stopped');
        };
      }),
    );
    await protocol.connect({ stream: peer.stream });
    expect(protocol.negotiated).toBe('hello');
    expect(events).toEqual(['stopped']);
    await protocol.disconnect();
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  it('may be a callback that sends FAIL', async () => {
    const peer = createPeer('hello', () => undefined);
    const error = new RefusedError('not now');
    const protocol = create(
      fromCallback<EventObject, Input>(({ sendBack }) => {
        sendBack({ type: 'FAIL', error });
      }),
    );
    await expect(protocol.connect({ stream: peer.stream })).rejects.toMatchObject({ cause: error });
  });

  it.each([
    ['an actor', createActor(createMachine({})), 'give it the machine of this actor'],
    ['an object', { invoke: 'login' }, 'it can also be actor logic of XState 5'],
    ['a text', 'login', 'not "login"'],
  ])('is not %s', (_, handshake, text) => {
    // Not typed: a program in JavaScript.
    const definition = { codec: lines(), handshake } as never;
    expect(() => new AsyncProtocol<string>(definition)).toThrow(ArgumentError);
    expect(() => new AsyncProtocol<string>(definition)).toThrow(text);
  });
});

describe('a machine as the farewell', () => {
  type Goodbye = Session<string, string, string>;

  /** Says QUIT, and waits for the answer. */
  const quit = setup({
    types: {
      input: {} as { session: Goodbye },
      context: {} as { session: Goodbye },
      output: {} as string,
    },
    actors: {
      quitting: fromPromise<string, Goodbye>(async ({ input }) => {
        await input.send(`QUIT ${input.negotiated}`);
        return input.receive();
      }),
    },
  }).createMachine({
    id: 'quit',
    context: ({ input }) => input,
    initial: 'quitting',
    states: {
      quitting: {
        invoke: {
          src: 'quitting',
          input: ({ context }) => context.session,
          onDone: 'gone',
        },
      },
      gone: { type: 'final' },
    },
    output: 'any output',
  });

  it('says goodbye in a graceful end', async () => {
    const peer = createPeer('hello', () => 'bye');
    const { seen, inspect } = recordActors();
    const protocol = track(
      new AsyncProtocol<string, string, string>(
        { codec: lines(), handshake: ({ receive }) => receive(), farewell: quit },
        { inspect },
      ),
    );
    await protocol.connect({ stream: peer.stream });
    await protocol.disconnect();
    expect(peer.received).toEqual(['QUIT hello']);
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
    expect(seen).toContain('/farewell/quit gone');
  });

  it('that does not end is stopped at timeouts.drain, and the end stays graceful', async () => {
    const clock = new SimulatedClock();
    const peer = createPeer('hello', () => undefined);
    const asked = defer<undefined>();
    const protocol = track(
      new AsyncProtocol<string, string, string>(
        {
          codec: lines(),
          handshake: ({ receive }) => receive(),
          farewell: () => {
            asked.resolve(undefined);
            return quit;
          },
        },
        { clock, timeouts: { drain: 100 } },
      ),
    );
    await protocol.connect({ stream: peer.stream });
    const disconnected = protocol.disconnect();
    await asked.promise;
    clock.increment(100);
    await disconnected;
    expect(protocol.outcome).toMatchObject({
      suppressed: [{ code: 'ERR_TIMEOUT', phase: 'drain' }],
    });
  });
});

describe('a client class', () => {
  it('has actor logic that its callback returns', async () => {
    class Mail extends defineClient<string, string, { banner: string }>(() => lines()) {
      protected override handshake(): typeof login {
        return login;
      }
    }
    const peer = createPeer('mail 1.0', () => 'welcome');
    const mail = track(new Mail());
    await mail.connect({ stream: peer.stream });
    expect(mail.negotiated).toEqual({ banner: 'mail 1.0' });
    await mail.disconnect();
  });

  it('has actor logic as a field, in JavaScript', async () => {
    const Base = defineClient<string, string, { banner: string }>(() => lines());
    class Mail extends Base {
      constructor() {
        super();
        Object.assign(this, { handshake: login });
      }
    }
    const peer = createPeer('mail 1.0', () => 'welcome');
    const mail = track(new Mail());
    await mail.connect({ stream: peer.stream });
    expect(mail.negotiated).toEqual({ banner: 'mail 1.0' });
    await mail.disconnect();
  });
});

describe('the types', () => {
  it('refuse logic whose session has other messages', () => {
    expectTypeOf(login).toExtend<SessionLogic<Session<string>, { banner: string }>>();
    expectTypeOf(login).not.toExtend<SessionLogic<Session<number>, { banner: string }>>();
    expectTypeOf(login).not.toExtend<SessionLogic<Session<string>, number>>();
  });

  it('infer the session of a method, and what it resolves with', () => {
    const protocol = new AsyncProtocol({
      codec: lines(),
      async handshake({ receive, negotiated }) {
        expectTypeOf(negotiated).toEqualTypeOf<undefined>();
        return { banner: await receive() };
      },
      onMessage(line, { negotiated }) {
        expectTypeOf(line).toEqualTypeOf<string>();
        expectTypeOf(negotiated).toEqualTypeOf<{ banner: string }>();
      },
      async farewell({ send, negotiated }) {
        expectTypeOf(negotiated).toEqualTypeOf<{ banner: string }>();
        await send('bye');
      },
    });
    expectTypeOf(protocol.negotiated).toEqualTypeOf<{ banner: string } | undefined>();
  });
});
