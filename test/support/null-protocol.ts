/** The protocol of upstream's unit tests: its only message is nothing at all. */

import { AsyncProtocol, type Codec, type ProtocolOptions } from '../../src/index.ts';
import { track } from './cleanup.ts';

/** A byte is a message, and a message is `null`. */
export const nulls: Codec<null> = {
  encode: () => '.',
  createDecoder: () => {
    let waiting = 0;
    return {
      write: (chunk) => {
        waiting += chunk.length;
      },
      read: () => {
        if (waiting === 0) return undefined;
        waiting -= 1;
        return null;
      },
      end: () => undefined,
    };
  },
};

/** A subclass without any behaviour of its own, to see its name in texts. */
export class NullProtocol extends AsyncProtocol<null> {
  constructor(options?: ProtocolOptions) {
    super({ codec: nulls }, options);
    track(this);
  }
}

/** A logger that keeps its records, each as its level and its text. */
export function recordingLogger() {
  const records: string[] = [];
  const at = (level: string) => (text: string) => {
    records.push(`${level} ${text}`);
  };
  return {
    records,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}
