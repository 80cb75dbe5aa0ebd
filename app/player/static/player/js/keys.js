// Keyboard shortcuts while the focus is anywhere in the player.

export function wireKeys(root, playback, toggleFull) {
  const { element } = playback;
  const actions = {
    ' ': () => playback.toggle(),
    k: () => playback.toggle(),
    f: toggleFull,
    m: () => {
      element.muted = !element.muted;
    },
    ArrowLeft: () => playback.skip(-15),
    ArrowRight: () => playback.skip(15),
  };
  root.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !(event.key in actions)) return;
    const isControl = event.target.closest('button, a, input');
    if (isControl && !['k', 'f', 'm'].includes(event.key)) return; // there, space and arrows have their own meaning
    event.preventDefault();
    actions[event.key]();
  });
}
