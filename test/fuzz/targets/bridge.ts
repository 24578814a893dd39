/**
 * The requests that a bridge to NATS receives, and the events of the monitor behind it.
 *
 * The first byte of an input has the options as bits: whether only some commands are allowed, and whether the
 * server allows small messages only. The reply subject follows up to the end of the line, then the payload,
 * then, behind `@@`, what the monitor sends.
 */

import { BridgedVm } from '../../../examples/bridged-vm.ts';
import { Outbox } from '../../../examples/outbox.ts';
import { printable } from '../../../src/index.ts';
import { Mismatch, type Target } from '../engine/target.ts';
import { commandOf, isReplySubject } from '../reference/bridge.ts';
import { AnsweringMonitor, FakeNats, type Published } from './fake-nats.ts';
import { checkSettles, expectEqual, turn } from './monitor.ts';
import { checkPrototypes } from './prototypes.ts';

const ROOM_BYTES = 1024 * 1024;
const SMALL_BYTES = 300;
const ALLOWED = ['stop', 'x'];
/** What the bridge publishes about its machine, whatever the monitor says. */
const OWN_SUBJECT = /^vm\.vm1\.(?:state|lost|event\.[A-Za-z0-9_-]{1,64})$/;

interface Parts {
  readonly isRestricted: boolean;
  readonly maxPayload: number;
  readonly reply: string;
  readonly payload: Buffer;
  readonly monitor: Buffer;
}

function partsOf(input: Buffer): Parts {
  const [options = 0] = input;
  const end = input.indexOf('\n') < 0 ? input.length : input.indexOf('\n');
  const rest = input.subarray(end + 1);
  const at = rest.indexOf('@@') < 0 ? rest.length : rest.indexOf('@@');
  return {
    isRestricted: (options & 1) === 1,
    maxPayload: (options & 2) === 2 ? SMALL_BYTES : ROOM_BYTES,
    reply: input.toString('utf8', 1, end),
    payload: rest.subarray(0, at),
    monitor: rest.subarray(at + 2),
  };
}

/** What came of a request. */
interface Result {
  readonly published: readonly Published[];
  readonly subjects: readonly string[];
  readonly received: AnsweringMonitor['received'];
  readonly log: readonly string[];
}

async function serve(parts: Parts): Promise<Result> {
  const { isRestricted, maxPayload, reply, payload } = parts;
  const [nats, monitor, log] = [new FakeNats(maxPayload), new AnsweringMonitor(), [] as string[]];
  const nc = nats.connection;
  const outbox = new Outbox(nc, ROOM_BYTES, ['vm1', 'vm2']);
  const vm = new BridgedVm(
    'vm1',
    { stream: monitor.stream },
    {
      ...{ nc, outbox, run: 'run' },
      isAllowed: (command) => !isRestricted || ALLOWED.includes(command),
      log: (line) => log.push(line),
      fail: (error) => {
        throw error;
      },
    },
  );
  const { published } = nats;
  while (!published.some(({ data }) => data.includes('"UP"'))) await turn();
  nats.request(reply, payload);
  monitor.send(parts.monitor);
  // Where no answer comes, the session ends below.
  for (let turns = 0; turns < 12 && !published.some(({ subject }) => subject === reply); turns += 1)
    await turn();
  await vm.stopCommands();
  await vm.stop();
  await outbox.sent;
  return { published, subjects: nats.subjects, received: monitor.received, log };
}

async function check(input: Buffer): Promise<void> {
  const parts = partsOf(input);
  const result = await serve(parts);
  const answers = result.published.filter(({ subject }) => !OWN_SUBJECT.test(subject));
  const isAsked = parts.reply !== '' && isReplySubject(parts.reply);
  const expected = isAsked ? [parts.reply] : [];
  expectEqual(
    'Published on other subjects',
    answers.map(({ subject }) => subject),
    expected,
  );
  for (const { data } of result.published) JSON.parse(data);
  checkExecuted(parts, result, answers[0]?.data);
  const unprintable = result.log.filter((line) => line !== printable(line));
  expectEqual('A line of the log is not printable', unprintable, []);
  expectEqual('Subscribed to other subjects', result.subjects, ['vm.vm1.execute']);
  checkPrototypes();
}

/** Compares what the monitor has received with what was requested, and the answer with that. */
function checkExecuted(parts: Parts, { received }: Result, answer: string | undefined): void {
  const { isRestricted, reply, payload } = parts;
  const isAccepted = reply === '' || isReplySubject(reply);
  const command = isAccepted ? commandOf(payload) : undefined;
  const isAllowed = command !== undefined && (!isRestricted || ALLOWED.includes(command.execute));
  if (received.length > 0 && !isAllowed)
    throw new Mismatch('The monitor was sent a command', 'none', received);
  // The monitor may have ended the session before.
  if (parts.monitor.length > 0) return;
  expectEqual('The monitor was sent something else', received, isAllowed ? [command] : []);
  if (answer !== undefined && parts.maxPayload !== SMALL_BYTES)
    expectEqual('The answer differs', answer === '{"return":{}}', isAllowed);
}

const EVENT = '"timestamp":{"seconds":1,"microseconds":2}}\r\n';

/** Requests to a bridge. */
export const BRIDGE: Target = {
  name: 'bridge',
  dictionary: [
    ...['_INBOX.a', '_INBOX.', '.', '>', '*', ' ', '\n', 'vm.vm2.state', '$JS.API.x', '\x1b[2J'],
    ...['{"command":"stop"}', '{"command":"x","arguments":{}}', '"command":', '"arguments":', '{}'],
    ...[
      '"x"',
      '"quit"',
      '"__proto__":{"command":"x"}',
      '@@',
      '{',
      '}',
      '[',
      ']',
      ',',
      '9007199254740993',
    ],
    ...[
      `{"event":"X",${EVENT}`,
      `{"event":"a.b>",${EVENT}`,
      '"event":"\\u001b"',
      '"data":{"a":1},',
    ],
    ...[
      '{"return":{},"id":',
      '{"error":{"class":"C","desc":"d"}}',
      '\xff',
      '\xc3',
      '\xe2\x80\xae',
      '"id":',
    ],
  ],
  maxSize: 1000,
  budget: {
    maxNanoseconds: 1000,
    minRunMs: 30,
    run: (input) => serve(partsOf(input)),
  },
  run: (input) => checkSettles(() => check(input)),
};
