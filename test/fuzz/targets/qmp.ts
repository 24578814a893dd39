/**
 * The QMP client, against a monitor that sends arbitrary bytes. The first bytes of an input select
 * how many commands are pending, how the stream ends and is cut, and the listeners: for everything,
 * or only for the event X (then the client skips other events without parsing them). The monitor
 * sends the rest.
 */

import { WirechartError } from '../../../src/index.ts';
import {
  type AnyQapi,
  QmpClient,
  type EventListener,
  type QmpReply,
} from '../../../src/qmp/index.ts';
import { Random } from '../engine/random.ts';
import type { Target } from '../engine/target.ts';
import {
  type Answer,
  expectedHandshake,
  expectedSession,
  type SessionState,
  type StreamEnd,
} from '../reference/qmp.ts';
import { streamReference } from '../reference/stream.ts';
import { checkSettles, expectEqual, Monitor, turn, withIds } from './monitor.ts';

const GREETING = Buffer.from(
  '{"QMP":{"version":{"qemu":{"major":7,"minor":2,"micro":22},"package":""},"capabilities":["oob"]}}\r\n',
);
/** Ends an unfinished message, and is the last event. */
const LAST = Buffer.from('\xff{"event":"LAST"}', 'latin1');
const ENDS: readonly StreamEnd[] = ['eof', 'reset', 'disconnect', 'force'];
const read = streamReference({
  limit: 16 * 1024 * 1024,
  maxDepth: 1024,
  objects: true,
  exact: true,
});

const outcomesOf = (bytes: Buffer, ended: boolean) =>
  read({ bytes: bytes.toString('latin1'), ended });

/** A client in RUNNING, which has sent its commands. */
interface Session {
  readonly client: QmpClient<AnyQapi>;
  readonly monitor: Monitor;
  readonly answers: readonly Promise<Answer>[];
  readonly state: SessionState;
  /** How many messages the client has dropped; `undefined` without a logger, which counts them. */
  readonly dropped: () => number | undefined;
  /** Whether everything is listened to. */
  readonly listensToAll: boolean;
  /** Whether a listener of an event throws, which concerns nothing else. */
  readonly hasThrowingListener: boolean;
}

async function begin([options = 0, end = 0, , listeners = 0]: Buffer): Promise<Session> {
  const monitor = new Monitor();
  let dropped = 0;
  const warn = (text: string): void => {
    if (text.includes('belongs to no command')) dropped += 1;
  };
  const ignore = (): void => undefined;
  const listensToAll = ((listeners >> 1) & 1) === 0;
  const logger = { debug: ignore, info: ignore, warn, error: ignore };
  const client = new QmpClient<AnyQapi>({
    onListenerError: ignore,
    ...(listensToAll && { logger }),
  });
  const connected = client.connect({ stream: monitor.stream });
  await monitor.send(GREETING, new Random(options));
  const [negotiation = NaN] = await monitor.ids(1);
  await monitor.send(Buffer.from(`{"return":{},"id":${String(negotiation)}}`), new Random(end));
  await connected;
  const count = options % 4;
  const quits = count > 0 && ((options >> 2) & 1) === 1;
  const names = Array.from({ length: count }, (_, at) =>
    quits && at === count - 1 ? 'quit' : 'x',
  );
  // As messages, so that all of them have ids.
  const answers = names.map((execute) => answerOf(client.executeMessage({ execute })));
  const ids = (await monitor.ids(count + 1)).slice(1);
  return {
    client,
    monitor,
    answers,
    dropped: () => (listensToAll ? dropped : undefined),
    listensToAll,
    hasThrowingListener: listeners % 2 === 1,
    state: { ids: [...ids], quits, end: ENDS[end % ENDS.length] ?? 'eof' },
  };
}

async function answerOf(replied: Promise<QmpReply>): Promise<Answer> {
  try {
    const reply = await replied;
    if ('return' in reply) return { returned: reply.return };
    return { failed: [reply.error.class, reply.error.desc] };
  } catch (error) {
    if (!(error instanceof WirechartError)) throw error;
    const { code } = error;
    switch (code) {
      case 'ERR_QMP_BAD_REPLY':
      case 'ERR_QMP_INTERRUPTED':
      case 'ERR_QMP_SERVER_PARSE':
        return { code };
      default:
        throw error;
    }
  }
}

async function checkSession(input: Buffer): Promise<void> {
  const session = await begin(input);
  const { client, monitor, state } = session;
  const checkEvents = listen(session);
  const sent = withIds(input.subarray(4), state.ids);
  const isEof = state.end === 'eof';
  const bytes = isEof ? sent : Buffer.concat([sent, LAST]);
  const last = client.waitFor('LAST').catch(() => undefined);
  await monitor.send(bytes, new Random(input[2] ?? 0));
  if (isEof) monitor.end();
  else await last;
  await endSession(session);
  const { cause } = await client.closed;
  const answers = await Promise.all(session.answers);
  const expected = expectedSession(outcomesOf(bytes, isEof), state);
  expectEqual('The commands ended differently', answers, expected.answers);
  expectEqual('The session has another cause', cause?.code, expected.cause);
  const { dropped } = expected;
  expectEqual('Another number of messages was dropped', session.dropped() ?? dropped, dropped);
  await checkEvents(expected.events, expected.cause);
  await last;
  await expectIdle(client, monitor);
}

/** Ends the session, if it still runs. */
async function endSession({ client, monitor, state: { end } }: Session): Promise<void> {
  if (client.runstate !== 'RUNNING') return;
  if (end === 'reset') monitor.reset();
  // The session may have failed meanwhile, which `closed` reports as well.
  if (end === 'disconnect') await client.disconnect().catch(() => undefined);
  if (end === 'force') await client.disconnect({ force: true }).catch(() => undefined);
}

/**
 * Adds listeners of all kinds. The returned function compares the events that they have received.
 */
function listen({ client, listensToAll, hasThrowingListener }: Session) {
  const isX = ({ event }: Named) => event === 'X';
  const handled: unknown[] = [];
  if (hasThrowingListener) {
    client.on('X', () => {
      throw new TypeError('broken');
    });
  }
  client.on('X', (event) => handled.push(event));
  const xs = client.events('X');
  const checkAll = listensToAll ? listenToAll(client, isX) : () => undefined;
  return async (events: readonly unknown[], cause: string | undefined) => {
    const known = events as readonly Named[];
    const end = cause ?? 'end';
    await checkAll(known, end);
    expectEqual("events('X') returned other events", await allOf(xs), [...known.filter(isX), end]);
    expectEqual("on('X') received other events", handled, known.filter(isX));
  };
}

/** The part of an event that is used here. */
interface Named {
  readonly event: string;
}

function listenToAll(client: QmpClient<AnyQapi>, isX: (event: Named) => boolean) {
  const all = client.events();
  const broken = client.events((event) => {
    if (isX(event)) throw new TypeError('broken');
    return true;
  });
  return async (known: readonly Named[], end: string) => {
    const first = known.findIndex(isX);
    const untilX = first < 0 ? [...known, end] : [...known.slice(0, first), 'ERR_HANDLER'];
    expectEqual('events() returned other events', await allOf(all), [...known, end]);
    expectEqual(
      'events() with a throwing filter returned other events',
      await allOf(broken),
      untilX,
    );
  };
}

/** The events of a listener, followed by `end` or the code of the error that ended it. */
async function allOf(listener: EventListener): Promise<unknown[]> {
  const all: unknown[] = [];
  try {
    for await (const event of listener) all.push(event);
    return [...all, 'end'];
  } catch (error) {
    if (error instanceof WirechartError) return [...all, error.code];
    throw error;
  }
}

async function expectIdle(client: QmpClient<AnyQapi>, { stream }: Monitor): Promise<void> {
  // Rejects with a failure that no other call has reported.
  await client.disconnect().catch((error: unknown) => {
    if (!(error instanceof WirechartError)) throw error;
  });
  await turn();
  expectEqual('The client is not in IDLE', [client.runstate, stream.destroyed], ['IDLE', true]);
}

async function checkHandshake(input: Buffer): Promise<void> {
  const [seed = 0] = input;
  const random = new Random(seed);
  const [before, after] = halvesOf(input.subarray(1));
  const monitor = new Monitor();
  const client = new QmpClient<AnyQapi>();
  const listener = client.events();
  const connecting = client.connect({ stream: monitor.stream }).then(
    () => undefined,
    (error: unknown) => causeOf(error),
  );
  await monitor.send(before, random);
  const expectsCommand = expectedHandshake(outcomesOf(before, false), NaN).negotiates;
  const ids = expectsCommand ? await monitor.ids(1) : [];
  const rest = withIds(after, ids);
  await monitor.send(rest, random);
  monitor.end();
  const failure = await connecting;
  const expected = expectedHandshake(
    outcomesOf(Buffer.concat([before, rest]), true),
    ids[0] ?? NaN,
  );
  expectEqual('The attempt ended differently', failure, expected.failure);
  expectEqual('The greeting differs', client.greeting, expected.greeting);
  const events = [...expected.events];
  const { cause } = await client.closed;
  if (failure === undefined) {
    const state = { ids: [], quits: false, end: 'eof' } as const;
    const session = expectedSession(expected.rest, state);
    expectEqual('The session has another cause', cause?.code, session.cause);
    events.push(...session.events, session.cause ?? 'end');
    expectEqual('events() returned other events', await allOf(listener), events);
  }
  await listener.return();
  await expectIdle(client, monitor);
}

/** What the monitor sends before it receives `qmp_capabilities`, and after. */
function halvesOf(input: Buffer): [Buffer, Buffer] {
  const at = input.indexOf('@@');
  return at < 0 ? [input, Buffer.alloc(0)] : [input.subarray(0, at), input.subarray(at + 2)];
}

function causeOf(error: unknown): string {
  const cause = error instanceof WirechartError ? error.cause : error;
  if (cause instanceof WirechartError) return cause.code;
  throw error;
}

const WORDS = [
  ...['{"return":{},"id":"@0"}\n', '{"return":1,"id":"@1"}\n', '"@0"', '"@1"', '"@2"', '"@9"'],
  ...['{"error":{"class":"GenericError","desc":"no"},"id":"@0"}\n', '"class":"x"', '"desc":"y"'],
  ...['{"error":{"class":"GenericError","desc":"no"}}\n', '"error":', '"return":', '"id":', ','],
  ...['{"event":"X","data":{},"timestamp":{"seconds":1,"microseconds":2}}\n', '"event":', '"X"'],
  // In QEMU's own format, in which an event without a listener is skipped.
  ...['X', 'Y'].map(
    (name) => `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "${name}"`,
  ),
  ...[', "data": {', '"a": [1, true, "b"]', '}\r\n', '}}\r\n', ', '],
  ...['{"event":"STOP"}\n', '"timestamp":{"seconds":-1}', '{"__proto__":{"id":"@0","return":1}}\n'],
  ...['\xff', '\x00', '{', '}', '{}\n', '[]\n', '9007199254740993', '\xc3', '"constructor"', '@@'],
  ...[
    '"QMP":',
    '"version":',
    '"capabilities":',
    '"qemu":',
    '"major":',
    '[1,"oob",{}]',
    '"package":',
  ],
];

/** The client in RUNNING, and in the handshake. */
export const QMP: readonly Target[] = [
  {
    name: 'qmp-session',
    dictionary: WORDS,
    maxSize: 1000,
    run: (input) => checkSettles(() => checkSession(input)),
  },
  {
    name: 'qmp-handshake',
    dictionary: WORDS,
    maxSize: 1000,
    run: (input) => checkSettles(() => checkHandshake(input)),
  },
];
