/** The protocol of the unit tests of QEMU's Python library: its only message is `null`. */

import { AsyncProtocol, type Codec, type ProtocolOptions } from '../../src/index.ts';
import { track } from './cleanup.ts';

/** A byte is a message, and a message is `null`. */
export const nulls: Codec<null> = {
  encode: () => '.',
  createDecoder: () => {
    let unread = 0;
    return {
      write: (chunk) => {
        unread += chunk.length;
      },
      read: () => {
        if (unread === 0) return undefined;
        unread -= 1;
        return null;
      },
      end: () => undefined,
    };
  },
};

/** A subclass without behaviour of its own. */
export class NullProtocol extends AsyncProtocol<null> {
  constructor(options?: ProtocolOptions) {
    super({ codec: nulls }, options);
    track(this);
  }
}

/** A logger that collects its records, each as level and text. */
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
