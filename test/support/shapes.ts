/** The shapes of JSON values, as declarations and as a server describe them, and what tells two apart. */

/** What a value may be. */
export interface Shape {
  /** The same for the same type: types refer to each other in circles. */
  readonly key: unknown;
  leaves(): Leaves;
}

/** The alternatives of a shape. */
export interface Leaves {
  /** `string`, `number`, `boolean`, `null`, `any`. */
  readonly basic: ReadonlySet<string>;
  /** Strings of a fixed set. */
  readonly values: ReadonlySet<string>;
  readonly arrays: readonly Shape[];
  readonly objects: readonly Members[];
}

/** The members of an object. */
export type Members = ReadonlyMap<string, MemberShape>;

/** A member of an object. */
export interface MemberShape {
  readonly isOptional: boolean;
  /** `deprecated`, `unstable`. */
  readonly features: readonly string[];
  readonly shape: Shape;
}

/** Where two shapes differ, and what about. */
export interface Difference {
  /** `variant`: a value of a fixed set, or a kind of object; they depend on what a server was built with. */
  readonly kind: 'shape' | 'variant';
  readonly text: string;
}

/** Returns how two shapes differ; nothing if they do not. */
export function differences(path: string, ours: Shape, theirs: Shape): Difference[] {
  const comparison = new Comparison();
  comparison.compare(path, ours, theirs);
  return comparison.found;
}

/** What tells an object from the others of a union, and which members it has. */
const signature = (members: Members): string =>
  [...members]
    .map(([name, { isOptional, shape }]) => {
      const { values } = shape.leaves();
      const value = values.size === 1 && !isOptional ? [...values].join() : '';
      return `${name}${isOptional ? '?' : ''}=${value}`;
    })
    .sort()
    .join(' ');

class Comparison {
  readonly found: Difference[] = [];
  readonly #seen = new Map<unknown, Set<unknown>>();

  compare(path: string, ours: Shape, theirs: Shape): void {
    const seen = this.#seen.get(ours.key) ?? new Set();
    if (seen.has(theirs.key)) return;
    this.#seen.set(ours.key, seen.add(theirs.key));
    const [left, right] = [ours.leaves(), theirs.leaves()];
    this.#compareSets(path, 'shape', left.basic, right.basic);
    this.#compareSets(path, 'variant', left.values, right.values);
    this.#compareObjects(path, left.objects, right.objects);
    if (left.arrays.length !== right.arrays.length) this.#note(path, 'shape', 'other arrays');
    left.arrays.forEach((array, at) => {
      const other = right.arrays[at];
      if (other !== undefined) this.compare(`${path}[]`, array, other);
    });
  }

  #compareSets(
    path: string,
    kind: Difference['kind'],
    ours: ReadonlySet<string>,
    theirs: ReadonlySet<string>,
  ): void {
    for (const value of ours) if (!theirs.has(value)) this.#note(path, kind, `only ours: ${value}`);
    for (const value of theirs) if (!ours.has(value)) this.#note(path, kind, `not ours: ${value}`);
  }

  #compareObjects(path: string, ours: readonly Members[], theirs: readonly Members[]): void {
    const left = new Map(ours.map((members) => [signature(members), members]));
    const right = new Map(theirs.map((members) => [signature(members), members]));
    // Of a union, servers have kinds that others were built without.
    const kind = left.size > 1 && right.size > 1 ? 'variant' : 'shape';
    this.#compareSets(path, kind, new Set(left.keys()), new Set(right.keys()));
    for (const [key, members] of left) {
      const other = right.get(key);
      if (other !== undefined) this.#compareMembers(path, members, other);
    }
  }

  #compareMembers(path: string, ours: Members, theirs: Members): void {
    for (const [name, member] of ours) {
      const other = theirs.get(name);
      if (other === undefined) continue;
      const [left, right] = [member.features.join(), other.features.join()];
      if (left !== right) this.#note(`${path}.${name}`, 'shape', `features ${left}, not ${right}`);
      this.compare(`${path}.${name}`, member.shape, other.shape);
    }
  }

  #note(path: string, kind: Difference['kind'], text: string): void {
    this.found.push({ kind, text: `${path}: ${text}` });
  }
}
