/** Fake inspectors: WebSocket servers that record the messages of each program that has proved the token. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { inspectTo, type InspectOptions } from '../../src/inspect/inspect-to.ts';
import type { Inspection } from '../../src/inspect/report.ts';
import type { InspectorCommand } from '../../src/inspect/wire.ts';
import { cleanUp } from '../support/cleanup.ts';
import { listen, portOf, rawPeer } from '../support/peers.ts';
import { awaitProof, proveTo, type ProverOptions, TEST_TOKEN } from './prover.ts';
import { MessageLog } from './support.ts';

/** One connection of a program, and its messages. */
export class ProgramConnection extends MessageLog {
  /** The requested path, with its query. */
  readonly url: string | undefined;
  readonly websocket: WebSocket;
  /** Resolves with the close code when the connection has closed. */
  readonly closed: Promise<number>;

  constructor(websocket: WebSocket, url: string | undefined) {
    super();
    this.url = url;
    this.websocket = websocket;
    websocket.on('error', () => undefined);
    websocket.on('message', (data: Buffer) => {
      this.sink(data.toString());
    });
    this.closed = new Promise((resolve) => {
      websocket.on('close', resolve);
    });
  }

  /** Sends something to the program, which need not be a valid command. */
  send(command: InspectorCommand | object): void {
    this.websocket.send(JSON.stringify(command));
  }

  /** Sends an event to an actor. */
  sendEvent(sessionId: string, type: string): void {
    const event = {
      name: type,
      data: { type },
      $$type: 'scxml',
      type: 'external',
      origin: sessionId,
    };
    this.send({ type: 'xstate.event', event: JSON.stringify(event) });
  }

  /** Resolves when the summary contains a line. */
  received(line: string): Promise<void> {
    return this.until(({ summary }) => summary.includes(line));
  }
}

/** A server to which programs report. */
export interface FakeInspector {
  readonly url: string;
  readonly port: number;
  readonly connections: readonly ProgramConnection[];
  /** Resolves with the next connection that it has not returned yet. */
  readonly nextConnection: () => Promise<ProgramConnection>;
  /** Closes it and all of its connections. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a fake inspector on 127.0.0.1, which is closed after the test.
 *
 * @param prover - How its proof differs from that of an honest inspector.
 */
export async function startFakeInspector(
  port = 0,
  prover: ProverOptions = {},
): Promise<FakeInspector> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  const connections: ProgramConnection[] = [];
  const awaited: WebSocket[] = [];
  const waiting: ((connection: ProgramConnection) => void)[] = [];
  let returned = 0;
  const returnNext = () => {
    for (const connection of connections.slice(returned)) {
      const resolve = waiting.shift();
      if (resolve === undefined) return;
      returned += 1;
      resolve(connection);
    }
  };
  proveTo(server, prover);
  server.on('connection', (websocket, request) => {
    websocket.on('error', () => undefined);
    awaited.push(websocket);
    void awaitProof(websocket, request, prover).then(() => {
      connections.push(new ProgramConnection(websocket, request.url));
      returnNext();
    });
  });
  const close = async () => {
    for (const websocket of awaited) websocket.terminate();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  cleanUp(close);
  await once(server, 'listening');
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('The inspector is not bound');
  return {
    url: `http://127.0.0.1:${String(bound.port)}/?token=${TEST_TOKEN}`,
    port: bound.port,
    connections,
    nextConnection: () => {
      const next = new Promise<ProgramConnection>((resolve) => waiting.push(resolve));
      returnNext();
      return next;
    },
    close,
  };
}

/** Starts a report that is closed after the test. */
export function report(url: string, options?: InspectOptions): Inspection {
  const inspection = inspectTo(url, options);
  cleanUp(() => inspection.close());
  return inspection;
}

/** A free port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const where = await listen(server, { host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.close(resolve));
  return 'port' in where ? where.port : 0;
}

/** A server that runs a script on every connection. */
export async function scriptedServer(script: (socket: Socket) => void) {
  const peer = await rawPeer(script);
  return { url: `http://127.0.0.1:${String(portOf(peer))}/`, peer };
}
