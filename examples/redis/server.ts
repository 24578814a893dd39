/**
 * A server that speaks RESP: `redis-cli`, `redis-benchmark` and ioredis can talk to it.
 *
 *   npx tsx examples/redis/server.ts 6380
 *   redis-cli -p 6380 SET greeting hello
 *
 * `onMessage` returns the promise of `send()`. It is pending while a client does not read its replies, and no
 * further command of this client is read until then: it cannot fill the memory of the server.
 */
import { fileURLToPath } from 'node:url';
import { ProtocolServer } from 'wirechart';
import { type Reply, RespError, RespServerCodec, Status, wordsOf } from './codec.ts';

type Handlers = ReadonlyMap<string, (...words: string[]) => Reply>;
const OK = new Status('OK');

/** Returns a server with data of its own. */
export function createRespServer(): ProtocolServer<Reply> {
  const data = new Map<string, string>();
  return new ProtocolServer<Reply>((_, peer) => {
    const codec = new RespServerCodec(); // one for each client, which chooses the version
    const handlers = handlersOf(data, codec);
    return { codec, onMessage: (command) => peer().send(execute(handlers, wordsOf(command))) };
  });
}

function execute(handlers: Handlers, [name = '', ...words]: readonly string[]): Reply {
  const handler = handlers.get(name) ?? handlers.get(name.toUpperCase());
  if (handler === undefined) return new RespError(`ERR unknown command '${name}'`);
  if (words.length >= handler.length) return handler(...words);
  return new RespError(`ERR wrong number of arguments for '${name}'`);
}

function handlersOf(data: Map<string, string>, codec: RespServerCodec): Handlers {
  const add = (key: string, by: string): Reply => {
    const sum = Number(data.get(key) ?? 0) + Number(by);
    if (!Number.isSafeInteger(sum)) return new RespError('ERR value is not an integer');
    data.set(key, String(sum));
    return sum;
  };
  return new Map<string, (...words: string[]) => Reply>([
    ['HELLO', (version) => codec.hello(version)],
    ['PING', (...[text]) => text ?? new Status('PONG')],
    ['ECHO', (text) => text],
    ['GET', (key) => data.get(key) ?? null],
    ['SET', (key, value) => (data.set(key, value), OK)],
    ['DEL', (...keys) => keys.filter((key) => data.delete(key)).length],
    ['INCR', (key) => add(key, '1')],
    ['INCRBY', add],
    ['CONFIG', () => []], // no parameters
    ['CLIENT', () => OK], // most clients say their name first
    ['INFO', () => 'redis_version:7.0.0'], // ioredis asks whether the data is loaded
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const address = await createRespServer().listen({ port: Number(process.argv[2] ?? 6380) });
  console.log(`Listening on port ${String(address.port)}`);
}
