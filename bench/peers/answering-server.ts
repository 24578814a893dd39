/**
 * A server that answers requests, in a process of its own: by hand, or with the package. It reports how much CPU
 * time it has used when it is asked.
 */

import type { Socket } from 'node:net';
import { readLines } from '../hand.ts';
import { jsonLines, ProtocolServer } from '../package.ts';
import { leaveWithBench, path, report, reportCpuTime, serve } from './serve.ts';

/** A request, as the clients write it. */
interface Request {
  readonly id: number;
  readonly execute: string;
}

const RESULT = { status: 'running', singlestep: false, running: true };

const answerTo = ({ id }: Request) => ({ return: RESULT, id });

/** Answers all requests of a chunk with one write. */
function answerByHand(socket: Socket): void {
  let text = '';
  const flush = (): void => {
    socket.write(text);
    text = '';
  };
  readLines(socket, (message) => {
    if (text === '') process.nextTick(flush);
    text += `${JSON.stringify(answerTo(message as Request))}\n`;
  });
}

async function listenWithPackage(): Promise<void> {
  leaveWithBench();
  const server = new ProtocolServer<Request, object>((_, peer) => ({
    codec: jsonLines<Request, object>(),
    onMessage: (message) => peer().send(answerTo(message)),
  }));
  await server.listen({ path });
}

reportCpuTime();
if (process.argv[3] === 'hand') await serve(path, answerByHand);
else await listenWithPackage();
report('listening');
