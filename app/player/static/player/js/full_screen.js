// What full screen changes on the page: the tile's word, and on phones the way the screen turns.

export function showFull(root, isFull, words) {
  root.dataset.playerFull = String(isFull);
  const button = root.querySelector('button[data-player-full]');
  if (button) {
    button.setAttribute('aria-pressed', String(isFull));
    button.querySelector('.player__tile-words span').textContent = isFull ? words.full_out : words.full_in;
  }
  turnScreen(isFull);
}

/** Android turns to landscape and back; elsewhere the screen stays as it is held. */
async function turnScreen(isFull) {
  const { orientation } = window.screen;
  if (!orientation || !orientation.lock) return;
  try {
    if (isFull) await orientation.lock('landscape');
    else orientation.unlock();
  } catch {
    // desktops and locked phones refuse; the picture is large all the same
  }
}
