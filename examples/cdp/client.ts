/**
 * A client of the Chrome DevTools Protocol, over the pipe of a Chromium that it starts itself.
 * `npx tsx examples/cdp/run.ts` shows it at work.
 *
 * Each command has an id, which its reply repeats. A page is a session within the connection: its commands,
 * replies and events have the id of that session.
 */
import { EventEmitter } from 'node:events';
import { defineClient, type JsonObject, RefusedError, type Session, spawnPeer } from 'wirechart';
import { Calls } from 'wirechart/rpc';
import { cdp, type Message } from './codec.ts';

/** Starts a Chromium, and returns the address for `connect()`; `supervise()` takes `() => chromium(…)`. */
export const chromium = (profile: string, ...flags: readonly string[]) => {
  const args = ['--remote-debugging-pipe', '--headless', `--user-data-dir=${profile}`, ...flags];
  const fd = { reads: 3, writes: 4 };
  return spawnPeer('chromium', args, { fd, timeouts: { exit: 5_000 } }).address;
};

export class Cdp extends defineClient<Message, Message, JsonObject>(() => cdp()) {
  /** Emits each event by its name, with its parameters and the session of its page. */
  readonly events = new EventEmitter();
  readonly #calls = new Calls<number, Message>(this.protocol, { timeout: 10_000 });
  #lastId = 0;

  /** Sends a command to the browser, or to a page. Rejects with a `RefusedError`. */
  call(method: string, params: JsonObject = {}, page: Partial<Message> = {}): Promise<JsonObject> {
    const id = (this.#lastId += 1);
    const send = () => this.protocol.send({ ...page, id, method, params });
    return this.#calls.call(send, { key: id, name: method, parse: resultOf });
  }
  /** Opens a page, and returns a function that sends commands to it. */
  async open(url: string) {
    const target = await this.call('Target.createTarget', { url });
    const session = await this.call('Target.attachToTarget', { ...target, flatten: true });
    return (method: string, params?: JsonObject) => this.call(method, params, session);
  }
  protected override async handshake({ send, receive }: Session<Message>): Promise<JsonObject> {
    await send({ id: 0, method: 'Browser.getVersion' });
    return resultOf(await receive());
  }
  protected override onMessage(message: Message): void {
    const { id, method, params, sessionId } = message;
    if (id !== undefined) this.#calls.settle(message, id);
    else if (method !== undefined) this.events.emit(method, params, sessionId);
  }
  protected override async farewell({ send, receive }: Session<Message, Message, JsonObject>) {
    await send({ id: 0, method: 'Browser.close' });
    let message = await receive();
    while (message.id !== 0) {
      this.onMessage(message); // replies and events before the last one
      message = await receive();
    }
  }
}
function resultOf({ result = {}, error }: Message): JsonObject {
  if (error === undefined) return result;
  throw new RefusedError(`${error.message} (${String(error.code)})`);
}
