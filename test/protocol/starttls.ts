/** The two sides of a protocol of lines that begins in plaintext and goes on in TLS. */

import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { expect } from 'vitest';
import {
  lines,
  type ProtocolDefinition,
  type Session,
  type UpgradeOptions,
} from '../../src/index.ts';
import { rejection } from '../support/signal.ts';

type TlsSettings = ConnectionOptions | TlsOptions;
type Handshake = (session: Session<string>) => Promise<string>;

/** Asks for TLS, and then for a greeting within TLS. */
export const askForTls =
  (tls: TlsSettings, options?: UpgradeOptions): Handshake =>
  async ({ send, receive, upgrade }) => {
    await send('STARTTLS');
    const go = await receive();
    if (go !== '220 go') throw new Error(`no TLS: ${go}`);
    await upgrade(tls, options);
    await send('HELLO');
    return receive();
  };

/** A protocol that does so. */
export const client = (
  tls: TlsSettings,
  options?: UpgradeOptions,
): ProtocolDefinition<string, string, string> => ({
  codec: lines(),
  handshake: askForTls(tls, options),
});

/** Grants TLS, and answers the first line within TLS. */
export const grantTls =
  (tls: TlsSettings, options?: UpgradeOptions): Handshake =>
  async ({ send, receive, upgrade }) => {
    await receive();
    await send('220 go');
    await upgrade(tls, options);
    const line = await receive();
    await send(`you said ${line}`);
    return line;
  };

/** A protocol that does so, and answers each further line. */
export const server = (
  tls: TlsSettings,
  options?: UpgradeOptions,
): ProtocolDefinition<string, string, string> => ({
  codec: lines(),
  handshake: grantTls(tls, options),
  onMessage: (line, { send }) => send(line.toUpperCase()),
});

/** The cause of a `connect()` that fails. */
export async function failure(connected: Promise<void>): Promise<unknown> {
  const error = await rejection(connected);
  expect(error).toMatchObject({ code: 'ERR_CONNECT' });
  return error instanceof Error ? error.cause : undefined;
}
