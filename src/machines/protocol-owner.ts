/** What the machine's owner does, apart from the actors: those are all that the chart may invoke. */

import type { OnLink, ProtocolEvent } from './protocol-types.ts';

/** Owns a link from now on; the returned function gives it up. */
export function lifetime({ link }: OnLink, sendBack: (event: ProtocolEvent) => void): () => void {
  link.forward((messages) => {
    sendBack({ type: 'MESSAGES', messages });
  });
  return () => {
    link.release();
  };
}
