/** The programs of docs/qmp.md that are files in `examples/qmp` are those files. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examplesIn } from '../support/examples.ts';
import { ROOT } from '../support/source-packages.ts';

const FOLDER = join(ROOT, 'examples/qmp');
const page = readFileSync(join(ROOT, 'docs/qmp.md'), 'utf8');
const names = readdirSync(FOLDER);

/** A program without the comment at its top, as a user of the packages would write it. */
const programIn = (name: string): string =>
  readFileSync(join(FOLDER, name), 'utf8')
    .replace(/^\/\*\*.*?\*\/\n/s, '')
    .replaceAll("'../../src/index.ts'", "'wirechart'")
    .replaceAll("'../../src/qmp/index.ts'", "'wirechart/qmp'")
    .trim();

/** The program that follows the link to a file at once. */
const shownAfterLink = (name: string): string | undefined => {
  const link = `(../examples/qmp/${name})\n\n\`\`\`ts\n`;
  const at = page.indexOf(link);
  return at < 0 ? undefined : examplesIn('', page.slice(at))[0]?.code.trim();
};

describe('docs/qmp.md', () => {
  test.each(names)('links to %s', (name) => {
    expect(page).toContain(`(../examples/qmp/${name})`);
  });

  const shown = names.filter((name) => shownAfterLink(name) !== undefined);
  test.each(shown)('shows %s as it is', (name) => {
    expect(shownAfterLink(name)).toBe(programIn(name));
  });

  test('shows most of the programs', () => {
    expect(shown.length).toBeGreaterThan(4);
  });

  test('has an incremental backup with progress and cancellation in at most 25 lines', () => {
    const lines = programIn('incremental-backup.ts')
      .split('\n')
      .filter((line) => line !== '');
    expect(lines.length).toBeLessThanOrEqual(25);
    const text = lines.join('\n');
    expect(text).toMatch(/sync: 'incremental'[^]*signal:[^]*onProgress:/);
  });
});
