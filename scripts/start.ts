/**
 * A tour: connects to a QMP monitor, prints what it reports, executes some commands, and disconnects.
 *
 *   npm start                        QEMU if it is installed, else an embedded scripted server
 *   npm start -- unix:/path          an existing monitor
 *   npm start -- tcp:host:port       the same over TCP
 *   npm start -- --inspect           the same, slowly, with an inspector to watch it in a browser
 */

import { parseArgs } from 'node:util';
import { ConnectError, printable, printableLines } from '../src/index.ts';
import { QmpClient } from '../src/qmp/index.ts';
import { findPeer, type Peer, UsageError } from './peer.ts';
import { type Show, startShow } from './show.ts';

const USAGE = 'Usage: npm start [-- [--inspect] [unix:/path | tcp:host:port]]';
const started = performance.now();

/** Prints one line: the time, a label, and a detail. The peer has chosen parts of them. */
function print(label: string, detail: unknown = ''): void {
  const ms = (performance.now() - started).toFixed(1).padStart(8);
  const text = typeof detail === 'string' ? detail : JSON.stringify(detail);
  console.log(printable(`${ms} ms  ${label.padEnd(16)} ${text}`.trimEnd()));
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { inspect: { type: 'boolean', default: false } },
  });
  if (positionals.length > 1)
    throw new UsageError(`Give one address, not ${String(positionals.length)}`);
  const peer = await findPeer(positionals[0]);
  print('peer', peer.description);
  try {
    if (values.inspect) await runInspected(peer);
    else await run(peer);
  } finally {
    await peer.dispose();
  }
}

/** The same run, slowed down, with an inspector. */
async function runInspected(peer: Peer): Promise<void> {
  const show = await startShow(peer);
  print('inspector', show.url);
  print('', 'Open it in a browser. The run begins when the page is open, or in 20 seconds.');
  try {
    await show.begun;
    await run({ ...peer, address: show.address }, show);
    print('', 'The run is over. The inspector stays until you press Ctrl+C.');
    await new Promise(() => undefined); // The signal handlers below end the process.
  } finally {
    await show.close();
  }
}

async function run(peer: Peer, show?: Show): Promise<void> {
  await using qmp = new QmpClient({ name: 'start', inspect: show?.inspect });
  const states = printRunstates(qmp);
  // The inspector takes longest to draw its first chart: on a busy machine, several seconds.
  await show?.pause(5);
  await connect(qmp, peer);
  const events = printEvents(qmp);
  // A failure of the session rejects the command that waits for its reply, too.
  events.catch(() => undefined);
  print('greeting', qmp.greeting);
  print('query-version', await qmp.execute('query-version'));
  print('query-status', await qmp.execute('query-status'));
  const commands = await qmp.execute('query-commands');
  print('query-commands', `${String(commands.length)} commands`);
  for (const command of ['cont', 'stop'] as const) {
    await show?.pause();
    await qmp.execute(command);
    print(command, 'done');
  }
  await show?.pause();
  if (peer.isOurs) {
    await qmp.execute('quit');
    print('quit', 'done');
    // The server ends the session; disconnect() would end it from the client's side.
    await qmp.closed;
  }
  await qmp.disconnect();
  await Promise.all([states.stop(), events]);
  print('outcome', qmp.outcome);
}

/** Connects; retries if this program started QEMU, which may have bound its socket but not listen yet. */
async function connect(qmp: QmpClient, { address, isOurs }: Peer): Promise<void> {
  const deadline = performance.now() + 5000;
  for (;;) {
    try {
      await qmp.connect(address);
      return;
    } catch (error) {
      const isWorthRetry = isOurs && error instanceof ConnectError && error.retryable;
      if (!isWorthRetry || performance.now() > deadline) throw error;
    }
  }
}

/** Prints every runstate, until it is stopped. */
function printRunstates(qmp: QmpClient): { stop(): Promise<void> } {
  print(qmp.runstate);
  const states = qmp.runstates();
  const printing = (async () => {
    for await (const runstate of states) print(runstate);
  })();
  return {
    stop: async () => {
      await states.return?.();
      await printing;
    },
  };
}

/** Prints every event, until the session ends; rejects when that fails. */
async function printEvents(qmp: QmpClient): Promise<void> {
  for await (const { event, data } of qmp.events()) print(`event ${event}`, data);
}

// The usual exit codes of these signals. The exit runs the clean-up of `peer.ts`.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  console.error(error instanceof Error ? printableLines(error.message) : error);
  if (isUsage) console.error(USAGE);
  process.exitCode = isUsage ? 2 : 1;
}
