/** What the declarations of all versions of QEMU have in common. */

export type { JsonValue } from '../codecs/json.ts';

/** An object without members: no arguments, or no return value. */
export type Empty = Readonly<Record<string, never>>;

/**
 * What the types of QEMU's commands and events are in this program. Empty; change it by declaration merging:
 *
 * @example
 * // This program reads no value beyond 2^53 - 1.
 * declare module 'wirechart/qmp' {
 *   interface QapiTypes {
 *     int64: number;
 *   }
 * }
 */
export interface QapiTypes {}

/**
 * An integer of up to 64 bits, signed or not. A client sends both kinds, and receives a bigint beyond
 * ±(2^53 - 1), otherwise a number. `Number(value)` converts it; `QapiTypes` narrows it in the whole program.
 */
export type Int64 = QapiTypes extends { int64: infer T } ? T : number | bigint;
