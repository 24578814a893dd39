/** What can be done with a job in each of its statuses, as in QEMU. */

import { CommandFailure } from '../script.ts';

/** The statuses of a job. */
export type JobStatus =
  | 'created'
  | 'running'
  | 'paused'
  | 'ready'
  | 'standby'
  | 'waiting'
  | 'pending'
  | 'aborting'
  | 'concluded'
  | 'null';

/** What a client may ask of a job. */
export type JobVerb =
  'cancel' | 'pause' | 'resume' | 'set-speed' | 'complete' | 'finalize' | 'dismiss';

const ALIVE: readonly JobStatus[] = ['created', 'running', 'paused', 'ready', 'standby'];

/** The statuses in which QEMU accepts each verb. */
const ACCEPTED: Readonly<Record<JobVerb, readonly JobStatus[]>> = {
  cancel: [...ALIVE, 'waiting', 'pending'],
  pause: ALIVE,
  resume: ALIVE,
  'set-speed': ALIVE,
  complete: ['ready', 'standby'],
  finalize: ['pending'],
  dismiss: ['concluded'],
};

/** @throws {CommandFailure} When a job in this status does not accept the verb. */
export function checkVerb(id: string, status: JobStatus, verb: JobVerb): void {
  if (ACCEPTED[verb].includes(status)) return;
  throw new CommandFailure(`Job '${id}' in state '${status}' cannot accept command verb '${verb}'`);
}
