/** The types of `wirechart/qapi/…` say what QEMU of that version says of itself. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { askProgram, type Live } from '../../scripts/qapi/live.ts';
import { Schema } from '../../scripts/qapi/schema.ts';
import { type Declared, declaredIn, type DeclaredSchema } from '../support/declared-shapes.ts';
import { liveShape, shownFeatures } from '../support/live-shapes.ts';
import { describeEachQemu } from '../support/real-peers.ts';
import { type Difference, differences } from '../support/shapes.ts';

const folder = join(import.meta.dirname, '../../src/qapi');

describeEachQemu((path, version) => {
  const file = join(folder, `${version}.ts`);

  describe.skipIf(!existsSync(file))(`and the types of ${version}`, () => {
    let live: Live;
    let schema: Schema;
    let declared: DeclaredSchema;
    /** Whether the types were made from this very package. Others are built with other drivers. */
    let isSame: boolean;

    beforeAll(async () => {
      live = await askProgram(path);
      schema = new Schema(live.entries);
      declared = declaredIn(file);
      const made = `QEMU ${live.version} (${live.package}) for ${String(live.target)}`;
      isSame = readFileSync(file, 'utf8').includes(made);
      if (!isSame) console.warn(`compared less: the types of ${version} are not from ${made}`);
    });

    /** What must not be. */
    const wrong = (found: readonly Difference[]): string[] =>
      found.filter(({ kind }) => isSame || kind === 'shape').map(({ text }) => text);

    const named = (
      all: ReadonlyMap<string, Declared>,
      name: string,
    ): Declared & { readonly found: Difference[] } => {
      const found: Difference[] = [];
      const features: readonly string[] = [];
      return { ...(all.get(name) ?? { features, args: undefined, returns: undefined }), found };
    };

    it('have the same commands and events', () => {
      const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);
      expect([...declared.commands.keys()].sort()).toEqual(names(schema.commands));
      expect([...declared.events.keys()].sort()).toEqual(names(schema.events));
      expect(declared.commands.size).toBeGreaterThan(200);
      expect(declared.events.size).toBeGreaterThan(50);
    });

    it('have the same arguments and return values, required and optional', () => {
      const found = schema.commands.flatMap((command) => {
        const { args, returns, found } = named(declared.commands, command.name);
        if (args === undefined || returns === undefined) throw new Error(command.name);
        return [
          ...found,
          ...differences(`${command.name}()`, args, liveShape(schema, command['arg-type'])),
          ...differences(`${command.name}: `, returns, liveShape(schema, command['ret-type'])),
        ];
      });
      expect(wrong(found)).toEqual([]);
    });

    it('have the same data of events', () => {
      const found = schema.events.flatMap(({ name, ...event }) => {
        const { args } = named(declared.events, name);
        const type = event['arg-type'];
        expect([name, args === undefined]).toEqual([name, schema.isEmpty(type)]);
        return args === undefined ? [] : differences(name, args, liveShape(schema, type));
      });
      expect(wrong(found)).toEqual([]);
    });

    it('mark the same commands and events as deprecated or experimental', () => {
      const marked = [...declared.commands, ...declared.events]
        .filter(([, { features }]) => features.length > 0)
        .map(([name, { features }]) => [name, ...features]);
      const said = [...schema.commands, ...schema.events]
        .map(({ name, features }) => [name, ...shownFeatures(features)])
        .filter(([, ...features]) => features.length > 0);
      expect(marked).toEqual(said);
      expect(marked.length).toBeGreaterThan(5);
    });
  });
});
