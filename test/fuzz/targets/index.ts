/** All fuzz targets. */

import type { Target } from '../engine/target.ts';
import { ADDRESSES } from './addresses.ts';
import { BRIDGE } from './bridge.ts';
import { CHARTS } from './charts.ts';
import { CODECS } from './codecs.ts';
import { INSPECTOR } from './inspector.ts';
import { KIT } from './kit.ts';
import { QMP } from './qmp.ts';
import { RECORDINGS } from './recordings.ts';

export const TARGETS: readonly Target[] = [
  ...CODECS,
  ...KIT,
  ...QMP,
  INSPECTOR,
  RECORDINGS,
  CHARTS,
  BRIDGE,
  ADDRESSES,
];
