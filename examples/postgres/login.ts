/** The login: what is said between the startup message and the first result. */

import { RefusedError, type Session } from 'wirechart';
import type { Authentication, FromServer, ToServer } from './codec.ts';
import { Scram } from './scram.ts';

const MECHANISM = 'SCRAM-SHA-256';

/**
 * Resolves with the parameters of the server, by their names.
 *
 * @param password - If given, the server must prove that it knows it.
 * @throws {RefusedError} When the server refuses the client, or cannot be trusted.
 */
export async function logIn(
  { send, receive }: Session<FromServer, ToServer>,
  password?: string,
): Promise<Map<string, string>> {
  const scram = password === undefined ? undefined : new Scram(password);
  const parameters = new Map<string, string>();
  for (;;) {
    const message = await receive();
    if (message.type === 'fatal') throw message.refusal;
    if (message.type === 'result') {
      if (scram?.isVerified === false) throw refused('has not proven that it knows the password');
      return parameters;
    }
    if (message.type === 'parameter') parameters.set(message.name, message.value);
    if (message.type !== 'authentication') continue;
    const answer = await answerTo(message, scram);
    if (answer !== undefined) await send(answer);
  }
}

async function answerTo(
  { step, secret }: Authentication,
  scram: Scram | undefined,
): Promise<ToServer | undefined> {
  if (step === 0) return undefined;
  if (scram === undefined) throw refused('asks for a password');
  switch (step) {
    case 10:
      if (!secret.split('\0').includes(MECHANISM)) break;
      return { type: 'mechanism', name: MECHANISM, secret: scram.first() };
    case 11:
      return { type: 'response', secret: await scram.final(secret) };
    case 12:
      scram.verify(secret);
      return undefined;
  }
  throw refused(`wants an authentication other than ${MECHANISM}`);
}

const refused = (what: string): RefusedError =>
  new RefusedError(`The server ${what}`, { retryable: false });
