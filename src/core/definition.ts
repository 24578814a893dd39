/** The check of a protocol's definition: without it, a mistake would show only when there is a peer. */

import { ArgumentError } from './errors.ts';
import { nearestName, type Names } from './options.ts';
import { isSessionLogic } from './session-logic.ts';
import { memberOf, show } from './shape.ts';
import type { ProtocolDefinition } from './types.ts';

/** The members of a definition. */
const MEMBERS: Names<ProtocolDefinition<never>> = {
  codec: true,
  handshake: true,
  onMessage: true,
  pull: true,
  session: true,
  onEnd: true,
  farewell: true,
  inbound: true,
  outbound: true,
  redact: true,
};

/**
 * Checks a protocol's definition. Members with names of their own are allowed, because a definition may keep
 * state, but not a callback whose name is misspelt.
 *
 * @param owner - Whose definition it is, for the error: `new AsyncProtocol()`.
 * @throws {ArgumentError} When it is not a definition; the message says what is missing.
 */
export function checkDefinition(owner: string, given: unknown): void {
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(
      `${owner} needs the definition of a protocol, { codec, onMessage?, … }, not ${show(given)}`,
    );
  }
  checkCodec(owner, memberOf(given, 'codec'));
  for (const name of Object.keys(MEMBERS)) {
    if (name !== 'codec' && name !== 'pull') checkCallback(name, memberOf(given, name));
  }
  checkPull(given);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(MEMBERS, name)) checkOwnMember(name, memberOf(given, name));
  }
}

/**
 * Checks the codec of a definition.
 *
 * @throws {ArgumentError} When it is not a codec; the message says what it is.
 */
export function checkCodec(owner: string, codec: unknown): void {
  const missing = ['encode', 'createDecoder'].find(
    (method) => typeof memberOf(codec, method) !== 'function',
  );
  if (missing === undefined) return;
  const hint = typeof codec === 'function' ? `; call it: codec: ${codec.name || 'codec'}()` : '';
  throw new ArgumentError(
    `${owner} needs a codec in its definition, such as lines() or jsonLines(): an object with ` +
      `encode() and createDecoder(), not ${show(codec)}${hint}`,
  );
}

function checkPull(given: object): void {
  const pull = memberOf(given, 'pull');
  if (pull !== undefined && typeof pull !== 'boolean') {
    throw new ArgumentError(`pull of a definition must be a boolean, not ${show(pull)}`);
  }
  if (pull === true && memberOf(given, 'onMessage') !== undefined) {
    throw new ArgumentError('A definition has either onMessage, which gets the messages, or pull');
  }
}

function checkCallback(name: string, value: unknown): void {
  if (name === 'session') {
    checkSession(value);
    return;
  }
  if (value === undefined || typeof value === 'function') return;
  const mayBeLogic = name === 'handshake' || name === 'farewell';
  if (mayBeLogic && isSessionLogic(value)) return;
  const text = `${name} of a definition must be a function, not ${show(value)}`;
  throw new ArgumentError(mayBeLogic ? `${text}${logicHint(value)}` : text);
}

/** What else it could be than a function, for the error. */
const logicHint = (value: unknown): string =>
  isActor(value)
    ? '; give it the machine of this actor'
    : '; it can also be actor logic of XState 5, such as a machine';

function checkSession(value: unknown): void {
  if (value === undefined || isSessionLogic(value)) return;
  const hint =
    typeof value === 'function'
      ? '; wrap it: session: fromPromise(({ input: { session } }) => …)'
      : isActor(value)
        ? '; give it the machine of this actor'
        : '';
  throw new ArgumentError(
    `session of a definition must be actor logic of XState 5, such as a machine, not ${show(value)}${hint}`,
  );
}

const isActor = (value: unknown): boolean => typeof memberOf(value, 'getSnapshot') === 'function';

function checkOwnMember(name: string, value: unknown): void {
  const nearest = value === undefined ? undefined : nearestName(name, Object.keys(MEMBERS));
  if (nearest === undefined) return;
  throw new ArgumentError(`A definition has no member '${name}': did you mean '${nearest}'?`);
}
