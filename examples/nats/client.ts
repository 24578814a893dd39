/**
 * A client for NATS. `npx tsx examples/nats/run.ts` shows it at work. Subscriptions belong to the client: each
 * handshake makes them again, so that under `supervise()` they outlast an outage.
 */
import { defineClient, type WaitOptions } from 'wirechart';
import { Calls } from 'wirechart/rpc';
import * as nats from './codec.ts';
export class Nats extends defineClient<nats.In, nats.Out, nats.Info>(() => nats.codec) {
  /** For subclasses: `override login = { user: 'me', pass: '…' }`. */
  login = {};
  readonly #calls = new Calls<string, nats.Message | undefined>(this.protocol, { timeout: 10_000 });
  readonly #subscriptions = new Map<number, nats.Subscription>();
  #lastId = 0;
  #out: Pick<nats.Session, 'send'> = this.protocol;
  readonly #inbox = this.subscribe(nats.newInbox(), (m) => void this.#calls.settle(m, m.subject));
  publish(subject: string, data: nats.Payload = '', reply?: string): Promise<void> {
    return this.#out.send({ op: 'PUB', subject, data, reply });
  }
  async request(subject: string, data?: nats.Payload, how?: WaitOptions): Promise<nats.Message> {
    const key = this.#inbox.subject.replace('*', String((this.#lastId += 1)));
    const publish = () => this.publish(subject, data, key);
    return nats.answered(await this.#calls.call(publish, { ...how, key }));
  }
  /** Resolves when the server has handled everything that was sent. */
  flush(): Promise<unknown> {
    return this.#calls.call(() => this.#out.send({ op: 'PING' }), { name: 'PING' });
  }
  /** Reads nothing while the promise of the listener is pending. */
  subscribe(subject: string, listener: nats.Listener, queue?: string): nats.Subscription {
    const subscription = nats.subscription(subject, (this.#lastId += 1), listener, queue);
    this.#subscriptions.set(subscription.sid, subscription);
    void this.protocol.send(subscription); // without a session, the next handshake does it
    return subscription;
  }
  unsubscribe({ sid }: nats.Subscription): void {
    if (this.#subscriptions.delete(sid)) void this.protocol.send({ op: 'UNSUB', sid });
  }
  protected override async handshake({ send, receive }: nats.Session): Promise<nats.Info> {
    this.#out = this.protocol;
    const info = nats.expectOp('INFO', await receive());
    await send({ op: 'CONNECT', options: this.login });
    await send({ op: 'PING' });
    nats.expectOp('PONG', await receive());
    for (const subscription of this.#subscriptions.values()) await send(subscription);
    return info;
  }
  protected override onMessage(message: nats.In): void | Promise<void> {
    if (message.op === 'MSG') return this.#subscriptions.get(message.sid)?.listener(message);
    if (message.op === 'PING') return this.#out.send({ op: 'PONG' });
    if (message.op === 'PONG') this.#calls.settle(undefined);
    if (message.op === '-ERR') throw nats.refusal(message.text); // ends the session
  }
  protected override async farewell(session: nats.Session<nats.Info>): Promise<void> {
    this.#out = session; // what still comes may be replied to
    const [, ...sids] = this.#subscriptions.keys(); // without the first one, the inbox
    for (const sid of sids) void session.send({ op: 'UNSUB', sid });
    void this.flush();
    while (this.#calls.size > 0) await this.onMessage(await session.receive());
  }
}
