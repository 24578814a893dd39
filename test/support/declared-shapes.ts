/** The shapes that a module of `src/qapi` declares, as the TypeScript compiler sees them. */

import ts from 'typescript';
import type { Leaves, MemberShape, Shape } from './shapes.ts';

/** What a module declares of one command or event. */
export interface Declared {
  readonly features: readonly string[];
  /** Of a command its arguments, of an event its data; `undefined` if an event has none. */
  readonly args: Shape | undefined;
  /** Of a command. */
  readonly returns: Shape | undefined;
}

/** What a module declares. */
export interface DeclaredSchema {
  readonly commands: ReadonlyMap<string, Declared>;
  readonly events: ReadonlyMap<string, Declared>;
}

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  allowImportingTsExtensions: true,
  types: [],
};
const TAGS: Readonly<Record<string, string>> = {
  deprecated: 'deprecated',
  experimental: 'unstable',
};

/** Compiles a module that exports `Qapi`. */
export function declaredIn(path: string): DeclaredSchema {
  const program = ts.createProgram([path], OPTIONS);
  const file = program.getSourceFile(path);
  const checker = program.getTypeChecker();
  const module = file && checker.getSymbolAtLocation(file);
  const qapi = module && checker.tryGetMemberInModuleExports('Qapi', module);
  if (qapi === undefined) throw new Error(`${path} does not export Qapi`);
  const reader = new Reader(checker);
  return reader.schema(checker.getDeclaredTypeOfSymbol(qapi));
}

class Reader {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  schema(qapi: ts.Type): DeclaredSchema {
    const all = (name: string) => {
      const type = this.#memberType(qapi, name);
      return new Map(type?.getProperties().map((member) => [member.name, this.#declared(member)]));
    };
    return { commands: all('commands'), events: all('events') };
  }

  #declared(member: ts.Symbol): Declared {
    const type = this.#checker.getTypeOfSymbol(member);
    const args = this.#memberType(type, 'arguments');
    const features = this.#features(member);
    if (args === undefined) {
      const isEmpty = (type.flags & ts.TypeFlags.Undefined) !== 0;
      return { features, args: isEmpty ? undefined : this.#shape(type), returns: undefined };
    }
    const returns = this.#memberType(type, 'returns');
    return { features, args: this.#shape(args), returns: returns && this.#shape(returns) };
  }

  #memberType(type: ts.Type, name: string): ts.Type | undefined {
    const member = type.getProperty(name);
    return member && this.#checker.getTypeOfSymbol(member);
  }

  #features(member: ts.Symbol): string[] {
    const tags = member.getJsDocTags(this.#checker).map(({ name }) => TAGS[name]);
    return tags.filter((tag) => tag !== undefined).sort();
  }

  #shape(type: ts.Type): Shape {
    return { key: type, leaves: () => this.#leaves(type) };
  }

  #leaves(type: ts.Type): Leaves {
    const types = type.isUnion() ? type.types : [type];
    // Any JSON value, also if it is optional.
    if (types.some(isJsonObject)) return leavesOf({ basic: new Set(['any']) });
    const basic = new Set<string>();
    const values = new Set<string>();
    const arrays: Shape[] = [];
    const objects: Map<string, MemberShape>[] = [];
    for (const each of types) {
      if (each.isStringLiteral()) values.add(each.value);
      else if ((each.flags & ts.TypeFlags.Object) === 0) basic.add(basicOf(each, this.#checker));
      else if (this.#checker.isArrayType(each)) {
        const [element] = this.#checker.getTypeArguments(each as ts.TypeReference);
        if (element !== undefined) arrays.push(this.#shape(element));
      } else objects.push(this.#members(each));
    }
    basic.delete('undefined');
    return { basic, values, arrays, objects };
  }

  #members(type: ts.Type): Map<string, MemberShape> {
    return new Map(
      type.getProperties().map((member) => {
        const shape = this.#shape(this.#checker.getTypeOfSymbol(member));
        const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
        return [member.name, { isOptional, features: this.#features(member), shape }];
      }),
    );
  }
}

const isJsonObject = (type: ts.Type): boolean =>
  (type.flags & ts.TypeFlags.Object) !== 0 && type.symbol.name === 'JsonObject';

/** A `bigint` is only ever an alternative to a `number`. */
const basicOf = (type: ts.Type, checker: ts.TypeChecker): string =>
  checker
    .typeToString(type)
    .replace(/^(true|false)$/, 'boolean')
    .replace(/^bigint$/, 'number');

export const leavesOf = (leaves: Partial<Leaves>): Leaves => ({
  basic: new Set(),
  values: new Set(),
  arrays: [],
  objects: [],
  ...leaves,
});
