/** What an error shows of the command that it is about: as it was sent, without its secrets, and bounded. */

import { type JsonObject, parseJson, stringifyJson } from '../../codecs/json.ts';
import { isWirechartError } from '../../core/errors.ts';
import { setSaid } from '../../core/printed-error.ts';
import { keptWithin } from '../kept.ts';
import { nameOf } from '../messages.ts';
import { redactQmp } from '../redact.ts';
import type { QmpCommand } from '../types.ts';

/** The errors of one command. */
const OF_COMMANDS = /* @__PURE__ */ new Set([
  'ERR_QMP_EXECUTE',
  'ERR_QMP_INTERRUPTED',
  'ERR_QMP_BAD_REPLY',
  'ERR_QMP_SERVER_PARSE',
  'ERR_QMP_JOB',
  'ERR_QMP_MIGRATION',
  'ERR_TIMEOUT',
]);

/** A longer command is not looked through for its secrets. */
const MAX_CHARACTERS = 262_144;
/** What is shown of a command: more fills the terminal. */
const SHOWN = { characters: 2_000, values: 100 };

/** Notes in an error of a command what was sent, as its member `request`. Never throws. */
export function noteRequest(error: unknown, message: QmpCommand): void {
  if (!isWirechartError(error) || !OF_COMMANDS.has(error.code)) return;
  try {
    setSaid(error, 'request', shownRequest(message));
  } catch {
    // The arguments are of a kind that cannot be sent either.
  }
}

/**
 * Returns a command as errors show it. Its id is left out: it says something only to the connection. Of texts and
 * lists that are long the beginning is shown.
 */
export function shownRequest(message: QmpCommand): JsonObject {
  const text = stringifyJson({ ...message, id: undefined });
  if (text.length > MAX_CHARACTERS) {
    const word = 'exec-oob' in message ? 'exec-oob' : 'execute';
    const size = `[${String(text.length)} characters]`;
    return keptWithin({ [word]: String(nameOf(message)), arguments: size }, SHOWN);
  }
  // From its text: secrets could not be found in objects that are encoded by a method of their own.
  return keptWithin(redactQmp(parseJson(text)) as JsonObject, SHOWN);
}
