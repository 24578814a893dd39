/** When to draw: at each frame, except while messages come in a flood, such as those of a long recording. */

/** So many messages since the last drawing are a flood: 30 000 in a second. */
const FLOOD_MESSAGES = 500;
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

  /** Whether to draw now; if so, the count begins again. `now` is in milliseconds. */
  isDue(now: number): boolean {
    if (this.#messages >= FLOOD_MESSAGES && now - this.#drawnAt < FLOOD_FRAME_MS) return false;
    this.#messages = 0;
    this.#drawnAt = now;
    return true;
  }
}
