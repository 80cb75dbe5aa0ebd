// How many files are sent at once: one more as long as that brings more bytes, fewer where the line breaks.
const FIRST = 2;
const MOST = 6;
const WINDOW_MS = 10000;
// Another file must bring this much more; below it is the line's own unrest.
const WORTH = 1.15;
// After a step that brought nothing, or a break, lines are left alone for so many windows.
const REST_WINDOWS = 6;

/** `clock` returns milliseconds; tests bring their own. */
export function makeLanes(clock = Date.now) {
  let count = FIRST;
  let before = 0; // bytes a second with one file fewer; 0 while nothing was tried
  let rest = 0;
  let began = clock();
  let bytes = 0;

  function windowEnds(rate) {
    if (rest > 0) {
      rest -= 1;
    } else if (before && rate < before * WORTH) {
      count -= 1;
      rest = REST_WINDOWS;
      before = 0;
      return;
    } else if (count < MOST) {
      before = rate;
      count += 1;
      return;
    }
    before = 0;
  }

  return {
    now: () => count,
    /** So many bytes went out, of whichever file; `isFull` says that as many files were under way as may be. */
    sent(more, isFull) {
      bytes += more;
      const passed = clock() - began;
      if (passed < WINDOW_MS) return;
      // With fewer files than lanes a window says nothing of the line.
      if (isFull && bytes > 0) windowEnds((1000 * bytes) / passed);
      else before = 0;
      began = clock();
      bytes = 0;
    },
    /** The line broke under one of them. */
    broke() {
      count = Math.max(1, count - 1);
      rest = REST_WINDOWS;
      before = 0;
      began = clock();
      bytes = 0;
    },
  };
}
