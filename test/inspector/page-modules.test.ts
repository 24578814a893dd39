/** The modules of the page in a checkout, which are compiled once for each content. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PageModules } from '../../inspector/src/page-modules.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';

expectIdleAfterEach();

const SOURCE = `
import type { Entry } from '../shared/view.ts';
import { History } from '../shared/history.ts';
export { first } from './first.ts';
export class Kept {
  readonly #history = new History();
  add(entry: Entry): void {
    this.#history.add(entry as never);
  }
}
`;

it('compiles a module, whose imports then name what is served', async () => {
  const folder = join(await tempDir(), 'new', 'folder');
  const text = await new PageModules(folder).compiled(SOURCE);
  expect(text).toContain('class Kept');
  expect(text).not.toMatch(/readonly|Entry|void|import type|\.ts/);
  expect(text.match(/from "(.*)"/g)).toEqual(['from "../shared/history.js"', 'from "./first.js"']);
});

it('compiles a module once for all processes', async () => {
  const folder = await tempDir();
  const compiled = await new PageModules(folder).compiled(SOURCE);
  const [file = ''] = readdirSync(folder);
  expect([readdirSync(folder).length, readFileSync(join(folder, file), 'utf8')]).toEqual([
    1,
    compiled,
  ]);
  writeFileSync(join(folder, file), 'export const kept = true;');
  const modules = new PageModules(folder);
  expect(await modules.compiled(SOURCE)).toBe('export const kept = true;');
  expect(await modules.compiled(`${SOURCE}// changed`)).toContain('class Kept');
  expect(readdirSync(folder)).toHaveLength(2);
});

it('removes what it has kept when that is too much', async () => {
  const folder = await tempDir();
  for (let at = 0; at < 2_000; at += 1) writeFileSync(join(folder, `${String(at)}.js`), '');
  await new PageModules(folder).compiled(SOURCE);
  expect(readdirSync(folder)).toHaveLength(1);
});

it('compiles where nothing can be kept', async () => {
  const file = join(await tempDir(), 'file');
  writeFileSync(file, '');
  expect(await new PageModules(join(file, 'folder')).compiled(SOURCE)).toContain('class Kept');
});

it('rejects for a module with an error, and tries again', async () => {
  const folder = await tempDir();
  const modules = new PageModules(folder);
  await expect(modules.compiled('const = 1;')).rejects.toThrow('Transform failed');
  await expect(modules.compiled('const = 1;')).rejects.toThrow('Transform failed');
  expect(readdirSync(folder)).toEqual([]);
});
