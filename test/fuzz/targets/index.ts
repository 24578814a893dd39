/** All that is fuzzed. */

import type { Target } from '../engine/target.ts';
import { CODECS } from './codecs.ts';

export const TARGETS: readonly Target[] = [...CODECS];
