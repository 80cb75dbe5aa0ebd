// Keeps the screen on while something plays, where the browser can.

export function keepAwake(isPlaying) {
  let lock = null;
  let isAsking = false;

  async function adjust() {
    if (!('wakeLock' in navigator) || isAsking) return;
    const isWanted = isPlaying() && document.visibilityState === 'visible';
    isAsking = true;
    try {
      if (isWanted && (!lock || lock.released)) lock = await navigator.wakeLock.request('screen');
      else if (!isWanted && lock) {
        await lock.release();
        lock = null;
      }
    } catch {
      lock = null; // low battery or policy: the screen may sleep, listening goes on
    } finally {
      isAsking = false;
    }
  }

  document.addEventListener('visibilitychange', adjust);
  return adjust;
}
