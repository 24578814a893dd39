/** The shapes that a server describes in the reply of `query-qmp-schema`. */

import type { Schema } from '../../scripts/qapi/schema.ts';
import { isOptional, type ObjectInfo, valuesOf } from '../../scripts/qapi/schema.ts';
import { leavesOf } from './declared-shapes.ts';
import type { Leaves, Members, MemberShape, Shape } from './shapes.ts';

/** The JSON types of the builtin types. */
const BASIC: Readonly<Record<string, string>> = {
  str: 'string',
  int: 'number',
  bool: 'boolean',
};

/** The features that declarations show. */
export const shownFeatures = (features: readonly string[] = []): string[] =>
  features.filter((name) => name === 'deprecated' || name === 'unstable').sort();

/** The shape of a type of a schema. */
export const liveShape = (schema: Schema, type: string): Shape => ({
  key: type,
  leaves: () => leavesIn(schema, type),
});

function leavesIn(schema: Schema, type: string): Leaves {
  const info = schema.typeOf(type);
  switch (info['meta-type']) {
    case 'builtin':
      return leavesOf({ basic: new Set([BASIC[info.name] ?? info.name]) });
    case 'enum':
      return leavesOf({ values: new Set(valuesOf(info)) });
    case 'array':
      return leavesOf({ arrays: [liveShape(schema, info['element-type'])] });
    case 'alternate':
      return info.members.map((each) => leavesIn(schema, each.type)).reduce(joined);
    case 'object':
      return leavesOf({ objects: objectsIn(schema, info) });
    default:
      throw new Error(`${type} is not a type`);
  }
}

const joined = (one: Leaves, other: Leaves): Leaves => ({
  basic: new Set([...one.basic, ...other.basic]),
  values: new Set([...one.values, ...other.values]),
  arrays: [...one.arrays, ...other.arrays],
  objects: [...one.objects, ...other.objects],
});

/** A union is one object for each value of its tag, or more if a branch is a union itself. */
function objectsIn(schema: Schema, info: ObjectInfo): Members[] {
  const common = info.members.map((member): [string, MemberShape] => [
    member.name,
    {
      isOptional: isOptional(member),
      features: shownFeatures(member.features),
      shape: liveShape(schema, member.type),
    },
  ]);
  const { tag, variants = [] } = info;
  if (tag === undefined) return [new Map(common)];
  return variants.flatMap((variant) => {
    const shape: Shape = {
      key: `${info.name}.${variant.case}`,
      leaves: () => leavesOf({ values: new Set([variant.case]) }),
    };
    const features = common.find(([name]) => name === tag)?.[1].features ?? [];
    return leavesIn(schema, variant.type).objects.map(
      (branch) => new Map([...common, ...branch, [tag, { isOptional: false, features, shape }]]),
    );
  });
}
