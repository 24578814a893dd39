/** How much memory what a peer has sent takes, estimated: a bound of entries alone bounds no memory. */

const BYTES_PER_VALUE = 16;
const BYTES_PER_OBJECT = 48;
const BYTES_PER_CHARACTER = 2;
/** The codecs of JSON accept no longer numbers. */
const BYTES_PER_BIGINT = 512;

/**
 * Returns the estimated size of a JSON value in memory, in bytes. It is rather too high than too low: two
 * bytes for each character, at least 16 for each value and 64 for each object.
 *
 * @param max - From this size on it need not be exact.
 */
export function weightOf(value: unknown, max: number): number {
  switch (typeof value) {
    case 'string':
      return BYTES_PER_VALUE + value.length * BYTES_PER_CHARACTER;
    case 'bigint':
      return BYTES_PER_BIGINT;
    case 'object':
      return value === null ? BYTES_PER_VALUE : weightOfObject(value, max);
    default:
      return BYTES_PER_VALUE;
  }
}

function weightOfObject(object: object, max: number): number {
  let weight = BYTES_PER_VALUE + BYTES_PER_OBJECT;
  if (Array.isArray(object)) {
    for (const item of object) {
      weight += weightOf(item, max - weight);
      if (weight > max) break;
    }
    return weight;
  }
  for (const name in object) {
    weight += name.length * BYTES_PER_CHARACTER;
    weight += weightOf(Reflect.get(object, name), max - weight);
    if (weight > max) break;
  }
  return weight;
}
