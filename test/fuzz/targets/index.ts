/** All fuzz targets. */

import type { Target } from '../engine/target.ts';
import { CODECS } from './codecs.ts';
import { QMP } from './qmp.ts';

export const TARGETS: readonly Target[] = [...CODECS, ...QMP];
