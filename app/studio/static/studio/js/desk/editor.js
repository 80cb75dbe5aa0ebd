// An open cell: a line, a text, a list to choose from, or boxes to tick. Closes with its text, or null for "leave it".
import { element, say } from './words.js';

const DOWN = { row: 1, column: 0 };
const UP = { row: -1, column: 0 };
const RIGHT = { row: 0, column: 1 };
const LEFT = { row: 0, column: -1 };
const SEPARATORS = /[,，、;；/\n]+/;

function keysOf(read, close, isLong) {
  return (event) => {
    if (event.isComposing || event.keyCode === 229) return; // Enter and Escape belong to the input method
    event.stopPropagation();
    if (event.key === 'Escape') {
      event.preventDefault();
      close(null);
    } else if (event.key === 'Enter' && !(isLong && (event.altKey || event.ctrlKey || event.shiftKey))) {
      event.preventDefault();
      close(read(), event.shiftKey ? UP : DOWN);
    } else if (event.key === 'Tab') {
      event.preventDefault();
      close(read(), event.shiftKey ? LEFT : RIGHT);
    } else if (event.key === 'Enter' && isLong && !event.shiftKey) {
      event.preventDefault();
      event.target.setRangeText('\n', event.target.selectionStart, event.target.selectionEnd, 'end');
    }
  };
}

function openLine(cell, column, text, first, close) {
  const isLong = column.kind === 'long';
  const input = element(isLong ? 'textarea' : 'input', 'cell-input');
  if (isLong) input.rows = 4;
  else input.type = 'text';
  if (column.kind === 'number') input.inputMode = 'numeric';
  input.value = first === null ? text : first;
  input.setAttribute('aria-label', column.label);
  input.autocomplete = 'off';
  cell.append(input);
  input.addEventListener('keydown', keysOf(() => input.value, close, isLong));
  input.addEventListener('blur', () => close(input.value));
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
}

function openChoice(cell, column, text, close) {
  const select = element('select', 'cell-input');
  select.setAttribute('aria-label', column.label);
  const words = column.options.includes(text) ? column.options : [text, ...column.options];
  for (const word of words) select.append(new Option(word || '—', word, false, word === text));
  cell.append(select);
  select.addEventListener('keydown', keysOf(() => select.value, close, false));
  select.addEventListener('blur', () => close(select.value));
  select.focus();
}

function openBoxes(cell, column, text, close) {
  const chosen = text.split(SEPARATORS).map((word) => word.trim()).filter(Boolean);
  const box = element('div', 'cell-boxes');
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', column.label);
  const inputs = column.options.map((word) => {
    const label = element('label', 'cell-box');
    const input = element('input');
    input.type = 'checkbox';
    input.checked = chosen.includes(word);
    input.value = word;
    label.append(input, element('span', '', word));
    box.append(label);
    return input;
  });
  const read = () => inputs.filter((input) => input.checked).map((input) => input.value).join('、');
  const done = element('button', 'button is-primary', say('done'));
  done.type = 'button';
  box.append(done);
  cell.append(box);
  const keys = keysOf(read, close, false);
  box.addEventListener('keydown', (event) => {
    const at = inputs.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step && at >= 0) {
      event.preventDefault();
      event.stopPropagation();
      inputs[(at + step + inputs.length) % inputs.length].focus();
    } else keys(event);
  });
  done.addEventListener('click', () => close(read()));
  box.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) close(read());
  });
  // A tap beside the boxes takes the focus nowhere; it still means "that is all".
  const outside = (event) => {
    if (box.contains(event.target)) return;
    document.removeEventListener('pointerdown', outside, true);
    if (box.isConnected) close(read());
  };
  document.addEventListener('pointerdown', outside, true);
  (inputs.find((input) => input.checked) || inputs[0] || done).focus();
}

/** Open `cell`; `first` is the letter it was opened with, which replaces what is there. */
export function openEditor(cell, column, text, first, close) {
  cell.textContent = '';
  if (column.kind === 'one') openChoice(cell, column, text, close);
  else if (column.kind === 'many') openBoxes(cell, column, text, close);
  else openLine(cell, column, text, first, close);
}
