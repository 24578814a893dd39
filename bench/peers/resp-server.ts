/** A RESP server in a process of its own, by hand or that of the examples. It has the value of one key. */

import type { Socket } from 'node:net';
import { createRespServer, Redis } from '../examples.ts';
import { leaveWithBench, path, report, reportCpuTime, serve } from './serve.ts';

const KEY = 'key:000000000001';
const VALUE = 'VXK';
const data = new Map([[KEY, VALUE]]);

/** Answers all requests of a chunk with one write. */
function answerByHand(socket: Socket): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const text = rest + chunk;
    let at = 0;
    let replies = '';
    for (let found; (found = wordsAt(text, at)) !== undefined; at = found.end) {
      replies += replyTo(found.words);
    }
    rest = text.slice(at);
    if (replies !== '') socket.write(replies, 'latin1');
  });
}

/** The command that begins there, if it is complete. */
function wordsAt(text: string, start: number): { words: string[]; end: number } | undefined {
  let at = text.indexOf('\r\n', start) + 2;
  if (at === 1) return undefined;
  const words: string[] = [];
  for (let left = Number(text.slice(start + 1, at - 2)); left > 0; left -= 1) {
    const from = text.indexOf('\r\n', at) + 2;
    const to = from + Number(text.slice(at + 1, from - 2));
    if (from === 1 || text.length < to + 2) return undefined;
    words.push(text.slice(from, to));
    at = to + 2;
  }
  return { words, end: at };
}

function replyTo([name = '', key = '', value = '']: readonly string[]): string {
  if (name.toUpperCase() === 'SET') {
    data.set(key, value);
    return '+OK\r\n';
  }
  const found = data.get(key);
  return found === undefined ? '$-1\r\n' : `$${String(found.length)}\r\n${found}\r\n`;
}

reportCpuTime();
if (process.argv[3] === 'hand') await serve(path, answerByHand);
else {
  leaveWithBench();
  await createRespServer().listen({ path });
  const client = new Redis();
  await client.connect(path);
  await client.command('SET', KEY, VALUE);
  await client.disconnect();
}
report('listening');
