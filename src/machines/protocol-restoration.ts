/** What is stored of the actor of a connection, and how it is restored. */

import { ArgumentError } from '../core/errors.ts';
import { restoreError, saveError, type SavedError } from '../core/saved-error.ts';
import { isPlainAddress, shownAddress, unsealAddress } from '../core/sealed-address.ts';
import { isError, memberOf, show } from '../core/shape.ts';
import type { SessionOutcome, Shutdown } from '../core/types.ts';
import type { Link } from './link.ts';
import { initialContext } from './protocol-setup.ts';
import type { InputAddress, ProtocolContext } from './protocol-types.ts';
import type { Restoration } from './restorable.ts';

/** What is stored of a context. */
interface SavedContext {
  /** How many sessions and attempts there had been: for people to read. */
  readonly session: number;
  /** Where the last of them went: for people to read. */
  readonly address?: unknown;
  /** Where a restored actor dials. */
  readonly autoConnect?: unknown;
  /** The address of the input, as far as it may be shown, if it cannot be stored. */
  readonly lost?: unknown;
}

/** What is stored of an outcome. */
interface SavedOutcome extends Pick<SessionOutcome, 'shutdown' | 'undelivered'> {
  readonly cause?: SavedError;
  readonly suppressed: readonly SavedError[];
}

/** The input of an actor that starts again. */
export interface RestoredInput {
  readonly address?: InputAddress | undefined;
  /** Why there is no address, although there was one. */
  readonly lost?: ArgumentError | undefined;
}

/** How the actors of such a machine are stored and restored. */
export const protocolRestoration = <In, Out>(
  createLink: () => Link<In, Out>,
): Restoration<ProtocolContext<In, Out>, SessionOutcome> => ({
  lifeOf: ({ link }) => link,
  save: saveContext,
  inputFrom: inputFromSaved,
  inputOf: inputAgain,
  endedContext: (outcome) => ({ ...initialContext(createLink(), {}), session: 1, outcome }),
  saveOutput: saveOutcome,
  restoreOutput: restoreOutcome,
});

function saveContext<In, Out>(context: ProtocolContext<In, Out>): SavedContext {
  const { session, address, autoConnect } = context;
  const isStorable = isPlainAddress(autoConnect);
  const lost = isStorable ? lostIn(context) : shown(autoConnect);
  return {
    session,
    ...(address !== undefined && { address: shown(address) }),
    ...(autoConnect !== undefined && isStorable && { autoConnect: shown(autoConnect) }),
    ...(lost !== undefined && { lost }),
  };
}

/** As JSON has it: without members that are `undefined`. */
const shown = (address: unknown): unknown =>
  JSON.parse(JSON.stringify(shownAddress(unsealAddress(address)) ?? null));

function inputFromSaved(saved: unknown): RestoredInput {
  if (typeof memberOf(saved, 'session') !== 'number') {
    throw new ArgumentError(
      `The snapshot is not one of a connection: the member session of its context is ${show(
        memberOf(saved, 'session'),
      )}, not a number. Pass what getPersistedSnapshot() of its actor has returned`,
    );
  }
  const lost = memberOf(saved, 'lost');
  if (lost !== undefined) return { lost: lostAddress(lost) };
  const address = memberOf(saved, 'autoConnect');
  // The link checks it, as it does with every address.
  return address === undefined ? {} : { address: address as InputAddress };
}

/** An actor that is started again has its address still, but a stream has had its session. */
function inputAgain<In, Out>(context: ProtocolContext<In, Out>): RestoredInput {
  const lost = lostIn(context);
  if (lost !== undefined) return { lost: lostAddress(lost) };
  const { autoConnect } = context;
  const isStream = memberOf(unsealAddress(autoConnect), 'stream') !== undefined;
  return isStream ? { lost: lostAddress(shown(autoConnect)) } : { address: autoConnect };
}

const textOf = (address: unknown): string =>
  typeof address === 'string'
    ? `it was a ${address.replace(/[[\]]/g, '')}`
    : `${JSON.stringify(address)} has a stream or TLS options`;

/** The addresses that were lost, by the errors that say so. */
const lostAddresses = new WeakMap<object, unknown>();

function lostAddress(address: unknown): ArgumentError {
  const error = new ArgumentError(
    `The address of the actor's input was not restored: ${textOf(address)}, which cannot be stored. Send ` +
      'CONNECT with an address, or start a new actor with an input',
  );
  lostAddresses.set(error, address);
  return error;
}

/** The address that was lost when the actor was restored, until it has had another. */
function lostIn({ session, outcome }: Pick<ProtocolContext<never, never>, 'session' | 'outcome'>) {
  const error = outcome?.cause?.cause;
  return session === 0 && isError(error) ? lostAddresses.get(error) : undefined;
}

const saveOutcome = ({
  cause,
  shutdown,
  suppressed,
  undelivered,
}: SessionOutcome): SavedOutcome => ({
  ...(cause && { cause: saveError(cause) }),
  ...(shutdown && { shutdown: { guest: shutdown.guest, reason: shutdown.reason } }),
  suppressed: suppressed.map((error) => saveError(error)),
  undelivered,
});

function restoreOutcome(saved: unknown): SessionOutcome {
  const [cause, undelivered] = [memberOf(saved, 'cause'), memberOf(saved, 'undelivered')];
  const suppressed = memberOf(saved, 'suppressed');
  const shutdown = restoreShutdown(memberOf(saved, 'shutdown'));
  const error = restoreError(cause);
  return {
    ...(error && { cause: error }),
    ...(shutdown && { shutdown }),
    suppressed: (Array.isArray(suppressed) ? suppressed : [])
      .map((one) => restoreError(one))
      .filter((one) => one !== undefined),
    undelivered: typeof undelivered === 'number' ? undelivered : 0,
  };
}

function restoreShutdown(saved: unknown): Shutdown | undefined {
  const [guest, reason] = [memberOf(saved, 'guest'), memberOf(saved, 'reason')];
  return typeof guest === 'boolean' && typeof reason === 'string' ? { guest, reason } : undefined;
}
