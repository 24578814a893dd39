/** A QMP server in which everything that a peer may choose is one hostile text. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { cleanUp, tempDir } from '../support/cleanup.ts';

type Message = Readonly<Record<string, unknown>>;

/** What the monitor answers to a command; several messages in order. `undefined` ends the stream. */
type Answer = Message | string | undefined;

const TIMESTAMP = { seconds: 1, microseconds: 2 };

/** Answers in which everything that a peer may choose is `said`. */
const answersOf = (said: string): Readonly<Record<string, readonly Answer[]>> => ({
  'query-version': [{ return: { qemu: said, package: said, [said]: said } }],
  'query-commands': [{ return: { length: said } }],
  fail: [{ error: { class: said, desc: said } }],
  stop: [{ error: { class: said, desc: said } }],
  cont: [{ event: said, data: { [said]: said }, timestamp: TIMESTAMP }, { return: {} }],
  talk: [{ event: 'TALK', data: { [said]: said }, timestamp: TIMESTAMP }, { return: {} }],
  shutdown: [
    { event: 'SHUTDOWN', data: { guest: true, reason: said }, timestamp: TIMESTAMP },
    undefined,
  ],
  unparsed: [{ error: { class: said, desc: said }, id: undefined }],
  junk: [said],
});

/** A QMP server at the path that it resolves with. */
export async function hostileMonitor(said: string, { refuses = false } = {}): Promise<string> {
  const path = join(await tempDir(), 'qmp.sock');
  const answers = answersOf(said);
  const negotiated = refuses ? answers['fail'] : undefined;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    const qemu = { major: 9, minor: 0, micro: 0 };
    write(socket, { QMP: { version: { qemu, package: said }, capabilities: [said] } });
    onCommands(socket, ({ execute, id }) => {
      const known = execute === 'qmp_capabilities' ? negotiated : answers[String(execute)];
      for (const answer of known ?? [{ return: {} }]) write(socket, answer, id);
    });
  });
  cleanUp(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(path);
  await once(server, 'listening');
  return path;
}

function write(socket: Socket, answer: Answer, id?: unknown): void {
  if (answer === undefined) socket.end();
  else if (typeof answer === 'string') socket.write(`${answer}\n`);
  else socket.write(`${JSON.stringify('event' in answer ? answer : { id, ...answer })}\n`);
}

/** A QMP client ends each command, but `quit`, with a line end. */
function onCommands(socket: Socket, onCommand: (command: Message) => void): void {
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onCommand(JSON.parse(line) as Message);
  });
}
