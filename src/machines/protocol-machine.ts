/** The machine that users embed. */

import type { Link } from './link.ts';
import { createChart } from './protocol.ts';
import type { ProtocolInput, ProtocolMachine } from './protocol-interface.ts';
import type { FailWith } from './protocol-types.ts';
import { protocolRestoration, type RestoredInput } from './protocol-restoration.ts';
import { restorable } from './restorable.ts';
import { slotted } from './slots.ts';

export type { ProtocolActorRef, ProtocolInput, ProtocolMachine } from './protocol-interface.ts';

/** The options of such a machine. */
export interface MachineKind {
  readonly once?: boolean | undefined;
  readonly failWith?: FailWith | undefined;
}

/** A machine whose actors make their own link, and dial at once if their input has an address. */
export const createMachineOf = <In, Out>(
  createLink: () => Link<In, Out>,
  kind: MachineKind,
): ProtocolMachine<In, Out> =>
  restorable(
    slotted(
      createChart<In, Out, ProtocolInput | undefined>(createLink, {
        ...kind,
        hasSession: true,
        addressOf: (input) => input?.address,
        lostOf: (input: RestoredInput | undefined) => input?.lost,
      }),
    ),
    protocolRestoration(createLink),
  );
