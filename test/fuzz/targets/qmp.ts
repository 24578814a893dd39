/**
 * The QMP client, whose monitor says anything. The first bytes of an input say how (how many commands
 * wait, how the stream ends and is cut, who listens: to all of it, or to the events X and no others,
 * which the client then passes over without reading them); the rest is what the monitor says.
 */

import { WirechartError } from '../../../src/index.ts';
import { ExecuteError, QmpClient, type EventListener } from '../../../src/qmp/index.ts';
import { Random } from '../engine/random.ts';
import type { Target } from '../engine/target.ts';
import { type Answer, type End, fateOf, openingOf, type Situation } from '../reference/qmp.ts';
import { streamReference } from '../reference/stream.ts';
import { expectEqual, inTime, Monitor, turn, withIds } from './monitor.ts';

const GREETING = Buffer.from(
  '{"QMP":{"version":{"qemu":{"major":7,"minor":2,"micro":22},"package":""},"capabilities":["oob"]}}\r\n',
);
/** Resets what is half said, and is the last that is heard. */
const LAST = Buffer.from('\xff{"event":"LAST"}', 'latin1');
const ENDS: readonly End[] = ['eof', 'reset', 'disconnect', 'force'];
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
  readonly client: QmpClient;
  readonly monitor: Monitor;
  readonly answers: readonly Promise<Answer>[];
  readonly situation: Situation;
  /** How many messages it has dropped; `undefined` where it has no logger, and does not tell. */
  readonly dropped: () => number | undefined;
  /** Whether there is who listens to whatever comes. */
  readonly isHeard: boolean;
}

async function begin([options = 0, end = 0, , ears = 0]: Buffer): Promise<Session> {
  const monitor = new Monitor();
  let dropped = 0;
  const warn = (text: string): void => {
    if (text.includes('belongs to no command')) dropped += 1;
  };
  const quiet = (): void => undefined;
  const isHeard = ((ears >> 1) & 1) === 0;
  const logger = { debug: quiet, info: quiet, warn, error: quiet };
  const client = new QmpClient(isHeard ? { logger } : {});
  const connected = client.connect({ stream: monitor.stream });
  await monitor.say(GREETING, new Random(options));
  const [negotiation = NaN] = await monitor.ids(1);
  await monitor.say(Buffer.from(`{"return":{},"id":${String(negotiation)}}`), new Random(end));
  await connected;
  const count = options % 4;
  const quits = count > 0 && ((options >> 2) & 1) === 1;
  const names = Array.from({ length: count }, (_, at) =>
    quits && at === count - 1 ? 'quit' : 'x',
  );
  const answers = names.map((name) => answerOf(client.execute(name)));
  const ids = (await monitor.ids(count + 1)).slice(1);
  const unbearable = ears % 2 === 1 ? 'X' : undefined;
  return {
    client,
    monitor,
    answers,
    dropped: () => (isHeard ? dropped : undefined),
    isHeard,
    situation: { ids: [...ids], quits, unbearable, end: ENDS[end % ENDS.length] ?? 'eof' },
  };
}

async function answerOf(reply: Promise<unknown>): Promise<Answer> {
  try {
    return { returned: await reply };
  } catch (error) {
    if (error instanceof ExecuteError) return { failed: [error.errorClass, error.description] };
    if (!(error instanceof WirechartError)) throw error;
    if (error.code === 'ERR_QMP_BAD_REPLY' || error.code === 'ERR_QMP_INTERRUPTED') {
      return { code: error.code };
    }
    throw error;
  }
}

async function checkSession(input: Buffer): Promise<void> {
  const session = await begin(input);
  const { client, monitor, situation } = session;
  const heard = listen(session);
  const said = withIds(input.subarray(4), situation.ids);
  const isEof = situation.end === 'eof';
  const bytes = isEof ? said : Buffer.concat([said, LAST]);
  const last = client.waitFor('LAST').catch(() => undefined);
  await monitor.say(bytes, new Random(input[2] ?? 0));
  if (isEof) monitor.end();
  else await last;
  await endOf(session);
  const { cause } = await client.closed;
  const answers = await Promise.all(session.answers);
  const fate = fateOf(outcomesOf(bytes, isEof), situation);
  expectEqual('The commands had other answers', answers, fate.answers);
  expectEqual('The session ended for another reason', cause?.code, fate.cause);
  expectEqual('It dropped other messages', session.dropped() ?? fate.dropped, fate.dropped);
  await heard(fate.events);
  await last;
  await expectHome(client, monitor);
}

/** Ends the session, if it has not ended by itself. */
async function endOf({ client, monitor, situation: { end } }: Session): Promise<void> {
  if (client.runstate !== 'RUNNING') return;
  if (end === 'reset') monitor.reset();
  // Its session may have failed meanwhile, which `closed` tells as well.
  if (end === 'disconnect') await client.disconnect().catch(() => undefined);
  if (end === 'force') await client.disconnect({ force: true }).catch(() => undefined);
}

/** Listeners of all kinds; what is returned compares what they have heard. */
function listen({ client, isHeard, situation: { unbearable } }: Session) {
  const isX = ({ event }: Named) => event === 'X';
  const handled: unknown[] = [];
  if (unbearable !== undefined) {
    client.on(unbearable, () => {
      throw new TypeError('unbearable');
    });
  }
  client.on('X', (event) => handled.push(event));
  const xs = client.events('X');
  const toAll = isHeard ? listenToAll(client, isX) : () => undefined;
  return async (events: readonly unknown[]) => {
    const known = events as readonly Named[];
    await toAll(known);
    expectEqual("events('X') gave others", await allOf(xs), [...known.filter(isX), 'end']);
    expectEqual("on('X') heard others", handled, known.filter(isX));
  };
}

/** An event, as far as it is looked at. */
interface Named {
  readonly event: string;
}

function listenToAll(client: QmpClient, isX: (event: Named) => boolean) {
  const all = client.events();
  const broken = client.events((event) => {
    if (isX(event)) throw new TypeError('broken');
    return true;
  });
  return async (known: readonly Named[]) => {
    const first = known.findIndex(isX);
    const untilX = first < 0 ? [...known, 'end'] : [...known.slice(0, first), 'ERR_HANDLER'];
    expectEqual('events() gave others', await allOf(all), [...known, 'end']);
    expectEqual('A filter that throws had others', await allOf(broken), untilX);
  };
}

/** The events of a listener, and how it ends. */
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

async function expectHome(client: QmpClient, { stream }: Monitor): Promise<void> {
  // What nobody has been told of yet.
  await client.disconnect().catch((error: unknown) => {
    if (!(error instanceof WirechartError)) throw error;
  });
  await turn();
  expectEqual('It is not home', [client.runstate, stream.destroyed], ['IDLE', true]);
}

async function checkHandshake(input: Buffer): Promise<void> {
  const [seed = 0] = input;
  const random = new Random(seed);
  const [before, after] = halvesOf(input.subarray(1));
  const monitor = new Monitor();
  const client = new QmpClient();
  const events = client.events();
  const connecting = client.connect({ stream: monitor.stream }).then(
    () => undefined,
    (error: unknown) => causeOf(error),
  );
  await monitor.say(before, random);
  const expectsCommand = openingOf(outcomesOf(before, false), NaN).negotiates;
  const ids = expectsCommand ? await monitor.ids(1) : [];
  const rest = withIds(after, ids);
  await monitor.say(rest, random);
  monitor.end();
  const refused = await connecting;
  const opening = openingOf(outcomesOf(Buffer.concat([before, rest]), true), ids[0] ?? NaN);
  expectEqual('The attempt ended in another way', refused, opening.refused);
  expectEqual('The greeting was read as another', client.greeting, opening.greeting);
  const heard = [...opening.events];
  const { cause } = await client.closed;
  if (refused === undefined) {
    const fate = fateOf(opening.rest, { ids: [], quits: false, unbearable: undefined, end: 'eof' });
    expectEqual('The session ended for another reason', cause?.code, fate.cause);
    heard.push(...fate.events, 'end');
    expectEqual('events() gave others', await allOf(events), heard);
  }
  await events.return();
  await expectHome(client, monitor);
}

/** What is said before the command that negotiates has come, and what is said then. */
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
  // As QEMU writes them: one that nobody hears of is passed over.
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

/** The client, in RUNNING and on the way there. */
export const QMP: readonly Target[] = [
  {
    name: 'qmp-session',
    dictionary: WORDS,
    maxSize: 1000,
    run: (input) => inTime(() => checkSession(input)),
  },
  {
    name: 'qmp-handshake',
    dictionary: WORDS,
    maxSize: 1000,
    run: (input) => inTime(() => checkHandshake(input)),
  },
];
