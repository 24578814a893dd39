/** Packs the three packages, as npm publishes them. */

import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

/** The manifests and locks of the projects that the packages are installed in. */
export const PACKED_PROJECTS = join(import.meta.dirname, '../projects');

/** Writes a `.tgz` for each package, with its name. The builds are part of that. */
export function packInto(folder: string): void {
  for (const [name, ...workspace] of [
    ['wirechart'],
    ['wirechart-inspect', '--workspace', 'inspect'],
    ['wirechart-inspector', '--workspace', 'inspector'],
  ] as const) {
    const args = ['pack', '--json', '--pack-destination', folder, ...workspace];
    const stdout = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    renameSync(join(folder, filename), join(folder, `${name}.tgz`));
  }
}
