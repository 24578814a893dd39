/** The reply to `query-qmp-schema`, as far as the scripted server uses it. */

/**
 * One entry of the reply to `query-qmp-schema`: a command, an event or a type. QEMU's documentation calls it
 * SchemaInfo, and says which members each kind has.
 */
export interface SchemaInfo {
  /** The name of the command, of the event, or of the type; QEMU replaces the names of types by numbers. */
  readonly name: string;
  /** The kind: `command`, `event`, `object`, `enum`, `array`, `alternate` or `builtin`. */
  readonly 'meta-type': string;
  /** Of a command or an event: the type of its arguments or of its data. */
  readonly 'arg-type'?: string | undefined;
  /** Of a command: the type of its return value. */
  readonly 'ret-type'?: string | undefined;
  /** Of a command: whether it can be executed out-of-band. Default `false`. */
  readonly 'allow-oob'?: boolean | undefined;
  /** Of a built-in type: its type in JSON. */
  readonly 'json-type'?: string | undefined;
  /** Of an array: the type of its elements. */
  readonly 'element-type'?: string | undefined;
  /** Of an enumeration: its values. */
  readonly values?: readonly string[] | undefined;
  /** Of an object or an alternate: its members or its types. Of an enumeration, in newer versions: its values. */
  readonly members?: readonly SchemaMember[] | undefined;
  /** Of an object with variants: the member that tells them apart. */
  readonly tag?: string | undefined;
  /** Of an object: the type with the other members, for each value of the tag that has some. */
  readonly variants?: readonly SchemaVariant[] | undefined;
  /** Features, such as `deprecated`. They are not used. */
  readonly features?: readonly unknown[] | undefined;
}

/** A member of an object, a type of an alternate, or a value of an enumeration. */
export interface SchemaMember {
  /** The name of the member, or the value. */
  readonly name?: string | undefined;
  /** Its type. */
  readonly type?: string | undefined;
  /** Present if the member is optional. */
  readonly default?: unknown;
  /** Features, such as `deprecated`. They are not used. */
  readonly features?: readonly unknown[] | undefined;
}

/** The members that an object has besides for one value of its tag. */
export interface SchemaVariant {
  /** The value. */
  readonly case: string;
  /** The type with the members. */
  readonly type: string;
}
