/**
 * A PostgreSQL client in one class: its handshake starts TLS, changes the codec, and logs in with SCRAM.
 * Queries are pipelined: each gets its own result. Try it with `npx tsx examples/postgres/run.ts`.
 */

import type { ConnectionOptions } from 'node:tls';
import { defineClient, type Session, type WaitOptions } from 'wirechart';
import { Calls } from 'wirechart/rpc';
import { answerToTls, messages } from './codec.ts';
import type { FromServer, Row, ServerEvent, ToServer } from './codec.ts';
import { logIn } from './login.ts';

type Parameters = Map<string, string>;

/** Extend it to say who logs in, and to handle events. `negotiated` has the parameters of the server. */
export class Postgres extends defineClient<FromServer, ToServer, Parameters>(answerToTls) {
  readonly user: string = 'postgres';
  readonly database: string = 'postgres';
  /** If given, the server must prove that it knows it. */
  readonly password: string | undefined;
  /** Default: no TLS. */
  readonly tls: ConnectionOptions | undefined;
  readonly #calls = new Calls<never, Row[]>(this.protocol);

  /** Handles notices, changed parameters, and notifications after `LISTEN`. */
  onEvent?(event: ServerEvent): void;

  /** Resolves with the rows, or rejects with a `PostgresError`. A signal gives up the wait alone. */
  query(text: string, options?: WaitOptions): Promise<Row[]> {
    return this.#calls.call(() => this.protocol.send({ type: 'query', text }), options);
  }

  protected override async handshake(session: Session<FromServer, ToServer>): Promise<Parameters> {
    const { send, receive, upgrade, switchCodec } = session;
    if (this.tls) {
      await send({ type: 'tls' });
      const answer = await receive();
      if (answer.type === 'fatal') throw answer.refusal;
      await upgrade(this.tls);
    }
    switchCodec(messages());
    const { user, database, password } = this;
    await send({ type: 'startup', parameters: { user, database, client_encoding: 'UTF8' } });
    return logIn(session, password);
  }

  protected override onMessage(message: FromServer): void {
    if (message.type === 'result') {
      if (message.error) this.#calls.fail(message.error);
      else this.#calls.settle(message.rows);
    } else if (message.type === 'fatal') this.protocol.fail(message.refusal);
    else if (message.type === 'copyIn') void this.protocol.send({ type: 'refuseCopy' });
    else if (!('step' in message) && message.type !== 'tls') this.onEvent?.(message);
  }

  protected override farewell({ send }: Session<FromServer, ToServer, Parameters>): Promise<void> {
    return send({ type: 'terminate' });
  }
}
