/** What decoding may cost: bytes in chunks of a fixed size, as a socket delivers them. */

import { WirechartError } from '../../../src/core/errors.ts';
import type { Codec } from '../../../src/core/types.ts';
import type { Budget } from '../engine/cost.ts';

/** A socket delivers 64 KiB at most; small chunks show what is done for each. */
const CHUNK_BYTES = [65_536, 4096, 512] as const;
/** Most inputs cost a tenth of this; a list of empty objects costs most. */
const MAX_NANOSECONDS = 500;

/**
 * @param codecOf - Creates the codec from the first byte of the input, as a target does. The second byte
 *   is not used, and the third one selects the size of the chunks.
 */
export const decodingBudget = (codecOf: (options: number) => Codec<unknown, never>): Budget => ({
  maxNanoseconds: MAX_NANOSECONDS,
  run: (input) => {
    const [options = 0, , cut = 0] = input;
    const decoder = codecOf(options).createDecoder({});
    const size = CHUNK_BYTES[cut % CHUNK_BYTES.length] ?? 512;
    untilError(() => {
      for (let at = 3; at < input.length; at += size) {
        decoder.write(input.subarray(at, at + size));
        while (decoder.read() !== undefined);
      }
      decoder.end();
    });
  },
});

/**
 * A session ends with the first error of its decoder.
 *
 * @throws {unknown} What is no error of the library.
 */
function untilError(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof WirechartError)) throw error;
  }
}
