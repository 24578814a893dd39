/** The work of the actor `owner`. In a file of its own: the chart may invoke every export of the actors'. */

import type { OnLink, ProtocolEvent } from './protocol-types.ts';

/** Forwards the link's messages to the machine. The returned function releases the link. */
export function lifetime({ link }: OnLink, sendBack: (event: ProtocolEvent) => void): () => void {
  link.forward((messages) => {
    sendBack({ type: 'MESSAGES', messages });
  });
  return () => {
    link.release();
  };
}
