// Keys to commands. Nothing is taken while an input method composes (isComposing, or key code 229 where a browser says it
// late), and none of these keys is one an input method switches with (Ctrl+Space, Shift, Ctrl+., Shift+Space).
const WITH_ALT = {
  Enter: 'from', KeyL: 'loop', Comma: 'back', Period: 'forward', ArrowUp: 'up', ArrowDown: 'down', BracketLeft: 'start',
  BracketRight: 'end', KeyS: 'split', KeyM: 'merge', KeyI: 'insert', Delete: 'remove', Backspace: 'remove', KeyN: 'next',
  KeyC: 'fix', KeyR: 'replace',
};
const WITH_CTRL = { Enter: 'toggle', KeyZ: 'undo', KeyY: 'redo' };

/** The command of a key press, or ''. Alt is asked by the key's place: some systems type other letters with it. */
export function commandOf(event, textarea) {
  if (event.isComposing || event.keyCode === 229) return '';
  const hasCtrl = event.ctrlKey || event.metaKey;
  if (hasCtrl && !event.altKey) {
    if (event.code === 'KeyZ' && event.shiftKey) return 'redo';
    return event.shiftKey ? '' : WITH_CTRL[event.code === 'NumpadEnter' ? 'Enter' : event.code] || '';
  }
  if (event.altKey && !hasCtrl) return WITH_ALT[event.code] || '';
  const isPlainEnter = event.key === 'Enter' && !event.shiftKey && !hasCtrl && !event.altKey;
  return isPlainEnter && event.target === textarea ? 'confirm' : '';
}
