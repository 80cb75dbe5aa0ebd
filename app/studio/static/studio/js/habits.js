// How this computer sends: only at night, no faster than so much. Remembered in this browser, asked before each piece.
const KEY = 'upload-habits';
const NIGHT_BEGINS = 22;
const NIGHT_ENDS = 6;
const LOOK_AGAIN_MS = 20000;

export function readHabits() {
  try {
    const kept = JSON.parse(window.localStorage.getItem(KEY)) || {};
    return { isNightOnly: kept.isNightOnly === true, capBytes: Math.max(0, Number(kept.capBytes) || 0) };
  } catch {
    return { isNightOnly: false, capBytes: 0 };
  }
}

export function keepHabits(habits) {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(habits));
  } catch {
    // A browser that keeps nothing still follows them until the page is closed.
  }
}

export function isNight(now = new Date()) {
  return now.getHours() >= NIGHT_BEGINS || now.getHours() < NIGHT_ENDS;
}

const sleepMs = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// Files under way at once share one line, and what it may carry.
let freeAt = 0;

/**
 * Makes pieces wait: `await pace.turn(bytes)` before each; `onWait(true|false)` says when it is for the night.
 * `clock` returns a Date, `sleep` waits milliseconds; tests bring their own.
 */
export function makePace(habitsNow, onWait, { clock = () => new Date(), sleep = sleepMs } = {}) {
  let wake = () => {};

  async function untilNight(isLeft) {
    let waited = false;
    while (!isLeft() && habitsNow().isNightOnly && !isNight(clock())) {
      if (!waited) onWait(true);
      waited = true;
      await Promise.race([sleep(LOOK_AGAIN_MS), new Promise((resolve) => { wake = resolve; })]);
    }
    if (waited && !isLeft()) onWait(false);
  }

  return {
    /** Wait for a piece's turn; when `isLeft()` says that nobody waits for it any more, the line is not booked for it. */
    async turn(bytes, isLeft = () => false) {
      await untilNight(isLeft);
      if (isLeft()) return;
      const { capBytes } = habitsNow();
      const now = clock().getTime();
      if (!capBytes) {
        freeAt = now;
        return;
      }
      const waitMs = freeAt - now;
      freeAt = Math.max(now, freeAt) + (1000 * bytes) / capBytes;
      if (waitMs > 0) await sleep(waitMs);
    },
    /** The habits changed: look at once. */
    look: () => wake(),
  };
}
