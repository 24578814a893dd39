/**
 * A client for Redis 6 or newer, on RESP3. `npx tsx examples/redis/run.ts` shows it at work.
 *
 * Replies come in the order of the commands, so `Calls` needs no ids. What the server sends without having been
 * asked, such as the messages of a channel, is marked as a push.
 */
import { ArgumentError, defineClient, RefusedError, type Session, WirechartError } from 'wirechart';
import { Calls } from 'wirechart/rpc';
import { type Command, Push, type Reply, resp, RespError } from './codec.ts';

/** An error reply; `reply.code` is its first word, such as `WRONGTYPE`. */
export class RedisError extends WirechartError {
  readonly code = 'ERR_REDIS';
  readonly reply: RespError;
  constructor(reply: RespError) {
    super(reply.text);
    this.reply = reply;
  }
}
/** What makes another attempt useless, unlike `LOADING`. */
const FINAL = /^(NOAUTH|WRONGPASS|NOPERM|NOPROTO|DENIED|ERR unknown command)/;
/** Such a command is answered by a push for each channel, instead of a reply. */
const SUBSCRIBING = /^[ps]?(un)?subscribe$/i;
export class Redis extends defineClient<Reply, Command, Reply>(() => resp()) {
  /** For subclasses: `override hello = ['AUTH', 'default', password]`. */
  hello: Command = [];
  onPush: ((push: Push) => void) | undefined;
  readonly #calls = new Calls<never, Reply>(this.protocol);

  /** Sends a command, also before others have their reply. Rejects with a `RedisError`. */
  command(...words: Command): Promise<Reply> {
    return this.#calls.call(() => {
      const isOne = words.length === 2 || !SUBSCRIBING.test(String(words[0]));
      if (!isOne) throw new ArgumentError('Name one channel; send a command for each');
      return this.protocol.send(words);
    });
  }
  protected override async handshake({ send, receive }: Session<Reply, Command>): Promise<Reply> {
    const replies: Reply[] = [];
    // Redis replies to HELLO also while it loads its data, and to PING afterwards.
    for (const command of [['HELLO', 3, ...this.hello], ['PING']]) {
      await send(command);
      const reply = await receive();
      if (!(reply instanceof RespError)) replies.push(reply);
      else throw new RefusedError(reply.text, { retryable: !FINAL.test(reply.text) });
    }
    return replies[0] ?? null;
  }
  protected override onMessage(reply: Reply): void {
    if (reply instanceof Push && !SUBSCRIBING.test(reply.kind)) this.onPush?.(reply);
    else if (reply instanceof RespError) this.#calls.fail(new RedisError(reply));
    else this.#calls.settle(reply);
  }
  protected override async farewell(session: Session<Reply, Command, Reply>): Promise<void> {
    void this.#calls.call(() => session.send(['QUIT'])); // replied to after all that is pending
    while (this.#calls.size > 0) this.onMessage(await session.receive());
  }
  protected override redact = (message: unknown): unknown =>
    Array.isArray(message) && /^(hello|auth)$/i.test(String(message[0])) ? 'AUTH …' : message;
}
