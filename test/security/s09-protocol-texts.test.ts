/** S9, P4: the same for what the peer of any protocol says, a child process, a server in TLS, a caller. */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { inspect } from 'node:util';
import { expect } from 'vitest';
import {
  AsyncProtocol,
  type Codec,
  contentLength,
  jsonLines,
  lines,
  type ProtocolDefinition,
  ProtocolServer,
  RefusedError,
  spawnPeer,
} from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { makeNamed } from '../support/certificates.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { rejection } from '../support/signal.ts';
import { describeOutlets, evilIn, type Outlet, printedOf } from './hostile.ts';

expectIdleAfterEach();

/** A server on a port that says one thing to each client. */
async function speaker(said: string): Promise<{ readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).end(said);
  });
  server.listen(0, '127.0.0.1');
  cleanUp(() => server.close());
  await once(server, 'listening');
  return { port: Reflect.get(Object(server.address()), 'port') as number };
}

/** How a session with a peer that says one thing has ended. */
async function endOf<T>(definition: ProtocolDefinition<T>, said: string) {
  const { logger, records } = recordingLogger();
  const protocol = createProtocol(definition, { logger });
  const connected = protocol.connect(await speaker(said));
  await connected.catch(() => undefined);
  const { cause, suppressed } = await protocol.closed;
  return { cause, suppressed, records };
}

/** What is written of an error of a protocol: itself, and the records of its session. */
const ending =
  <T>(definition: (said: string) => ProtocolDefinition<T>, sent = (said: string) => said): Outlet =>
  async (said) => {
    const { cause, suppressed, records } = await endOf(definition(said), sent(said));
    expect(evilIn(records)).not.toEqual([]);
    return {
      texts: evilIn(records),
      lines: [...printedOf(cause), inspect({ cause, suppressed })],
    };
  };

/** A codec of a program, with an error that quotes the peer. */
const quoting: Codec<string> = {
  encode: (text) => text,
  createDecoder: () => {
    let text = '';
    return {
      write: (chunk) => {
        text += Buffer.from(chunk).toString();
      },
      read: () => {
        if (text !== '') throw new SyntaxError(`Unexpected ${text}`);
        return undefined;
      },
      end: () => undefined,
    };
  },
};

const PROTOCOLS: Readonly<Record<string, Outlet>> = {
  'a line in a record': async (said) => {
    const { records } = await endOf({ codec: lines() }, `${said}\n`);
    expect(evilIn(records)).not.toEqual([]);
    return { texts: evilIn(records) };
  },

  'an error of a handler': ending(
    () => ({
      codec: lines(),
      onMessage: (line) => {
        throw new Error(line);
      },
    }),
    (said) => `${said}\n`,
  ),

  'a refusal': ending((said) => ({
    codec: lines(),
    handshake: () => {
      throw new RefusedError(said);
    },
  })),

  'an error of a decoder': ending(() => ({ codec: quoting })),
  'a header that is none': ending(
    () => ({ codec: contentLength() }),
    (said) => `${said}\r\n\r\n`,
  ),
};

const OTHERS: Readonly<Record<string, Outlet>> = {
  'a reason of fail()': async (said) => {
    const { logger, records } = recordingLogger();
    const protocol = createProtocol({ codec: lines() }, { logger });
    const server = createServer().listen(0, '127.0.0.1');
    cleanUp(() => server.close());
    await once(server, 'listening');
    await protocol.connect({ port: Reflect.get(Object(server.address()), 'port') as number });
    protocol.fail(said);
    const { cause } = await protocol.closed;
    return { lines: printedOf(cause), texts: evilIn(records) };
  },

  'the standard error of a child': async (said) => {
    const { logger, records } = recordingLogger();
    const program = `process.stderr.write(${JSON.stringify(said)}, () => process.exit(3))`;
    const peer = spawnPeer(process.execPath, ['-e', program]);
    const protocol = createProtocol({ codec: lines() }, { logger });
    await protocol.connect(peer.address).catch(() => undefined);
    const { cause } = await protocol.closed;
    expect(cause).toMatchObject({ stderr: said });
    // Line feeds are shown as such in the error alone: there, the text is one of several lines.
    const shown = printedOf(cause).map((text) => text.replaceAll(/^FORGED/gm, ''));
    return { lines: shown, texts: evilIn(records) };
  },

  'the name of a server in TLS': async (said) => {
    const { cert, key } = await makeNamed(said);
    const server = createTlsServer({ cert, key }).listen(0, '127.0.0.1');
    server.on('tlsClientError', () => undefined);
    cleanUp(() => server.close());
    await once(server, 'listening');
    const { logger, records } = recordingLogger();
    const port = Reflect.get(Object(server.address()), 'port') as number;
    const tls = { ca: cert, servername: 'localhost' };
    const error = await rejection(
      createProtocol({ codec: lines() }, { logger }).connect({ host: '127.0.0.1', port, tls }),
    );
    const { cause } = Object(error) as { cause?: unknown };
    expect(cause).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    // Node prints causes by itself.
    const raw = [cause, error].map((each) => inspect(each, { customInspect: false }));
    return { lines: [...printedOf(error), ...raw], texts: evilIn(records) };
  },

  'the peers of a server': async (said) => {
    const { logger, records } = recordingLogger();
    const server = new ProtocolServer({ codec: jsonLines() }, { logger, name: said });
    cleanUp(() => server.close());
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.end(`"${said}\n`);
    await once(socket.resume(), 'close');
    return { texts: [...evilIn(records), String(server), inspect(server)] };
  },

  'an option': async (said) => {
    const error = await rejection(
      Promise.resolve().then(() => new AsyncProtocol({ codec: lines() }, { [said]: 1 })),
    );
    const value = await rejection(
      Promise.resolve().then(() =>
        new QmpClient().events(said as 'STOP', { limit: said as never }),
      ),
    );
    return { lines: [...printedOf(error), ...printedOf(value)], texts: [String(value)] };
  },
};

describeOutlets({ ...PROTOCOLS, ...OTHERS });
