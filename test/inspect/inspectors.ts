/** Inspectors made by hand: a WebSocket server, and what each program that came to it said. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { inspectTo, type InspectOptions } from '../../src/inspect/inspect-to.ts';
import type { Inspection } from '../../src/inspect/report.ts';
import type { InspectorCommand } from '../../src/inspect/wire.ts';
import { cleanUp } from '../support/cleanup.ts';
import { listen, portOf, rawPeer } from '../support/peers.ts';
import { Heard } from './support.ts';

/** One connection of a program. */
export class Visit extends Heard {
  /** What was asked for, with its query. */
  readonly url: string | undefined;
  readonly websocket: WebSocket;
  /** The number of the reason, once the connection has closed. */
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

  /** Says something to the program, which need not be a command. */
  say(command: InspectorCommand | object): void {
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
    this.say({ type: 'xstate.event', event: JSON.stringify(event) });
  }

  /** Resolves when the line of a story was heard. */
  tells(line: string): Promise<void> {
    return this.until(({ story }) => story.includes(line));
  }
}

/** A server to which programs report. */
export interface Inspector {
  readonly url: string;
  readonly port: number;
  readonly visits: readonly Visit[];
  /** Resolves with the next program that comes and was not asked for yet. */
  readonly next: () => Promise<Visit>;
  /** Ends it with all of its connections. */
  readonly close: () => Promise<void>;
}

/** An inspector that listens on 127.0.0.1; it is closed after the test. */
export async function startInspector(port = 0): Promise<Inspector> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  const visits: Visit[] = [];
  const waiting: ((visit: Visit) => void)[] = [];
  let given = 0;
  const give = () => {
    for (const visit of visits.slice(given)) {
      const take = waiting.shift();
      if (take === undefined) return;
      given += 1;
      take(visit);
    }
  };
  server.on('connection', (websocket, request) => {
    visits.push(new Visit(websocket, request.url));
    give();
  });
  const close = async () => {
    for (const { websocket } of visits) websocket.terminate();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  cleanUp(close);
  await once(server, 'listening');
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('The inspector is not bound');
  return {
    url: `http://127.0.0.1:${String(bound.port)}/?token=abc`,
    port: bound.port,
    visits,
    next: () => {
      const next = new Promise<Visit>((resolve) => waiting.push(resolve));
      give();
      return next;
    },
    close,
  };
}

/** A report that is closed after the test. */
export function report(url: string, options?: InspectOptions): Inspection {
  const inspection = inspectTo(url, options);
  cleanUp(() => inspection.close());
  return inspection;
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const where = await listen(server, { host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.close(resolve));
  return 'port' in where ? where.port : 0;
}

/** A server that takes every connection, and does with it as it is told. */
export async function impostor(script: (socket: Socket) => void) {
  const peer = await rawPeer(script);
  return { url: `http://127.0.0.1:${String(portOf(peer))}/`, peer };
}
