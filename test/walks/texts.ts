/** Errors, events and outcomes of a machine, as the texts that the model uses. */

import { ClosedError, ConnectError, TimeoutError } from '../../src/core/errors.ts';
import type { ProtocolEmitted } from '../../src/machines/protocol-types.ts';
import type { SessionOutcome } from '../../src/core/types.ts';
import { DEADLINES } from '../machines/fake-link.ts';
import { ERRORS } from './variants.ts';

/** An error as the model writes it. */
export function textOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  for (const [name, shared] of Object.entries(ERRORS)) if (error === shared) return name;
  const text = kindOf(error);
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? text : `${text}: ${textOf(cause) ?? ''}`;
}

const kindOf = (error: unknown): string => {
  if (error instanceof ConnectError) {
    return `ConnectError(${error.phase})${error.code === 'ERR_CONNECT_ABORTED' ? ' aborted' : ''}`;
  }
  if (error instanceof TimeoutError) {
    const isKnown = error.phase in DEADLINES && Object.values(DEADLINES).includes(error.ms);
    return `TimeoutError(${error.phase}${isKnown ? '' : ` of ${String(error.ms)} ms`})`;
  }
  if (error instanceof ClosedError) return error.expected ? 'ClosedError(expected)' : 'ClosedError';
  return String(error);
};

/** An emitted event as the model writes it. */
export const emittedText = (emitted: ProtocolEmitted): string => {
  if (emitted.type === 'runstate') return `${emitted.runstate} ${String(emitted.session)}`;
  if (emitted.type === 'closed') return `closed ${String(emitted.session)}`;
  return emitted.type;
};

/** An outcome as the model writes it, with the number of undelivered messages. */
export const outcomeText = ({ cause, suppressed, undelivered }: SessionOutcome): string =>
  `${[textOf(cause) ?? 'as asked', ...suppressed.map(textOf)].join(' + ')}, ` +
  `${String(undelivered)} undelivered`;
