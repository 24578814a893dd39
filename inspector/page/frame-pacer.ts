/** When to draw: at each frame, except while a recording comes in, or a flood of messages. */

/** So many messages since the last drawing are a flood: 12 000 in a second. */
const FLOOD_MESSAGES = 200;
/** Drawing at each frame would take most of the time that a recording takes to open. */
const FLOOD_FRAME_MS = 150;

/** Counts messages, and says whether a frame is drawn. */
export class FramePacer {
  #messages = 0;
  #drawnAt = -Infinity;

  /** So many messages have come. */
  add(messages: number): void {
    this.#messages += messages;
  }

  /**
   * Whether to draw now; if so, the count begins again.
   *
   * @param now - The time in milliseconds.
   * @param isOpening - Whether a recording is being read.
   */
  isDue(now: number, isOpening: boolean): boolean {
    const isFlood = isOpening || this.#messages >= FLOOD_MESSAGES;
    if (isFlood && now - this.#drawnAt < FLOOD_FRAME_MS) return false;
    this.#messages = 0;
    this.#drawnAt = now;
    return true;
  }
}
