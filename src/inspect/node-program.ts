/** How a program of Node introduces itself. */

import { basename } from 'node:path';
import { introductionOf } from './report.ts';
import type { ProgramMessage } from './wire.ts';

/** The first message of a report. */
export const introduction = (name: string | undefined, control: boolean): ProgramMessage =>
  introductionOf({
    name: name ?? basename(process.argv[1] ?? 'node'),
    pid: process.pid,
    control,
  });
