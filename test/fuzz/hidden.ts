/** A bug that random inputs do not find. */
export function hidden(input: Buffer): void {
  if (input[0] !== 0x77) return;
  if (input[1] !== 0x69) return;
  if (input[2] !== 0x72) return;
  if (input[3] !== 0x65) return;
  if (input[4] === 0x64) throw new Error('found');
}
