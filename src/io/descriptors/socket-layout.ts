/** How C lays out what sendmsg(2) gets, on each platform, and the numbers that it knows. */

/** What a C library calls its numbers. */
interface Numbers {
  readonly SOL_SOCKET: number;
  readonly SCM_RIGHTS: number;
  /** For sendmsg(2): without waiting, and without a signal when the peer has gone. */
  readonly flags: number;
}

/** Where the members of its structures are, in bytes from the start of our memory. */
interface Layout {
  readonly iov: number;
  readonly iovCount: number;
  readonly control: number;
  readonly controlLength: number;
  /** Of the header of the control message: its level, its type, and the descriptor after it. */
  readonly level: number;
  readonly type: number;
  readonly descriptor: number;
  /** How many bytes numbers that depend on the platform have: pointers, and lengths. */
  readonly pointer: 4 | 8;
  readonly length: 4 | 8;
}

/** Where our memory has the message (at 0), its one part, the byte in that, and its control message. */
export const IOV = 64;
export const BYTE = 96;
export const CONTROL = 128;
export const MEMORY_BYTES = 192;

/** The numbers of Linux on most processors. */
const LINUX_NUMBERS: Numbers = {
  SOL_SOCKET: 1,
  SCM_RIGHTS: 1,
  flags: 0x40 | 0x4000, // MSG_DONTWAIT, MSG_NOSIGNAL
};

/** macOS has no MSG_NOSIGNAL, and Node ignores the signal. */
const DARWIN_NUMBERS: Numbers = { SOL_SOCKET: 0xffff, SCM_RIGHTS: 1, flags: 0x80 };

/** Linux: lengths have the size of pointers (of musl's, which are shorter, the rest is padding). */
const linuxLayout = (pointer: 4 | 8): Layout => ({
  iov: 2 * pointer,
  iovCount: 3 * pointer,
  control: 4 * pointer,
  controlLength: 5 * pointer,
  level: CONTROL + pointer,
  type: CONTROL + pointer + 4,
  descriptor: CONTROL + pointer + 8,
  pointer,
  length: pointer,
});

/** macOS: 64 bits, and lengths of 4 bytes. */
const DARWIN_LAYOUT: Layout = {
  iov: 16,
  iovCount: 24,
  control: 32,
  controlLength: 40,
  level: CONTROL + 4,
  type: CONTROL + 8,
  descriptor: CONTROL + 12,
  pointer: 8,
  length: 4,
};

/** Processors of 32 bits, and those on which Linux has other numbers. */
const SHORT: readonly string[] = ['arm', 'ia32'];
const OTHER: readonly string[] = ['mips', 'mipsel'];

/** What is known of a platform. */
export interface Platform {
  readonly numbers: Numbers;
  readonly layout: Layout;
}

/** What is known of a platform; `undefined` when its structures are not. */
export function platformOf(platform: string, arch: string): Platform | undefined {
  if (platform === 'darwin') return { numbers: DARWIN_NUMBERS, layout: DARWIN_LAYOUT };
  if (platform !== 'linux' || OTHER.includes(arch)) return undefined;
  return { numbers: LINUX_NUMBERS, layout: linuxLayout(SHORT.includes(arch) ? 4 : 8) };
}
