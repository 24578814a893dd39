/**
 * Answers requests at little cost: it only searches for their ids. It listens on three paths: JSON lines
 * on the given path, the same after a QMP greeting on `.qmp`, JSON-RPC on `.rpc`.
 */

import type { Socket } from 'node:net';
import { GREETING, rpcFrame } from '../messages.ts';
import { path, report, serve } from './serve.ts';

const STATUS = '{"status":"running","running":true}';

const line = (id: string): string => `{"return":${STATUS},"id":${id}}\r\n`;
const rpc = (id: string): string => rpcFrame(`{"jsonrpc":"2.0","id":${id},"result":${STATUS}}`);

await serve(path, (socket) => {
  answer(socket, line);
});
await serve(`${path}.qmp`, (socket) => {
  socket.write(`${GREETING}\r\n`);
  answerLines(socket);
});
await serve(`${path}.rpc`, (socket) => {
  answer(socket, rpc);
});
report('listening');

/** Answers all requests of a chunk with one write. */
function answer(socket: Socket, reply: (id: string) => string): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const text = rest + chunk;
    let replies = '';
    let end = 0;
    for (const found of text.matchAll(/"id":("[^"]*"|\d+)[,}]/g)) {
      replies += reply(found[1] ?? '');
      end = found.index + found[0].length;
    }
    rest = text.slice(end);
    if (replies !== '') socket.write(replies);
  });
}

/** The same for commands of QMP, each on a line, of which some have no id. */
function answerLines(socket: Socket): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const commands = (rest + chunk).split('\n');
    rest = commands.pop() ?? '';
    let replies = '';
    for (const command of commands) {
      const id = /,"id":\d+(?=\}$)/.exec(command)?.[0] ?? '';
      replies += `{"return":${STATUS}${id}}\r\n`;
    }
    if (replies !== '') socket.write(replies);
  });
}
