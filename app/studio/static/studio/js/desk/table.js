// Commands on the table: copy, paste, fill down, undo, redo, the panel of a clash.
import { readBlock, writeBlock } from './tsv.js';
import { element, say } from './words.js';

export function makeCommands(model, columns, speak) {
  let grid = null;

  function paste(text) {
    const block = readBlock(text);
    const { top, left, bottom, right } = grid.range();
    const height = block.length === 1 ? bottom - top + 1 : block.length;
    const width = block.length === 1 && block[0].length === 1 ? right - left + 1 : Math.max(...block.map((row) => row.length));
    const changes = [];
    for (let down = 0; down < height && top + down < model.rows.length; down += 1) {
      const source = block[block.length === 1 ? 0 : down];
      for (let across = 0; across < width && left + across < columns.length; across += 1) {
        const cell = source.length === 1 && block.length === 1 ? source[0] : source[across];
        if (cell !== undefined) {
          changes.push({ row: top + down, column: columns[left + across].name, after: cell.replace(/\r\n?/g, '\n').trim() });
        }
      }
    }
    model.apply(changes, say('paste_step'));
    speak(say('pasted', { rows: Math.min(height, model.rows.length - top), columns: Math.min(width, columns.length - left) }));
  }

  function copied() {
    const { top, bottom, left, right } = grid.range();
    const rows = model.rows.slice(top, bottom + 1);
    return writeBlock(rows.map((row) => columns.slice(left, right + 1).map((column) => row.cells[column.name])));
  }

  function fillDown() {
    const { top, bottom, left, right } = grid.range();
    if (top === bottom) return speak(say('nothing_to_fill'));
    const changes = [];
    for (let row = top + 1; row <= bottom; row += 1) {
      for (let at = left; at <= right; at += 1) {
        changes.push({ row, column: columns[at].name, after: model.rows[top].cells[columns[at].name] });
      }
    }
    model.apply(changes, say('fill_step'));
    return speak(say('filled', { count: bottom - top }));
  }

  function step(kind) {
    const taken = model[kind]();
    if (!taken) return;
    speak(say(kind === 'undo' ? 'undone' : 'redone', { text: taken.label }));
    const { row, column } = taken.changes[0];
    grid.go({ row, column: columns.findIndex((each) => each.name === column) });
  }

  document.addEventListener('copy', (event) => {
    if (!grid.hasFocus() || grid.isEditing()) return;
    event.preventDefault();
    event.clipboardData.setData('text/plain', copied());
  });
  document.addEventListener('paste', (event) => {
    if (!grid.hasFocus() || grid.isEditing()) return;
    event.preventDefault();
    paste(event.clipboardData.getData('text/plain'));
  });

  return {
    bind(made) {
      grid = made;
    },
    fillDown,
    undo: () => step('undo'),
    redo: () => step('redo'),
    /** A key with Ctrl or Command; true when it was ours. */
    onCommand(key, shift) {
      if (key === 'd') fillDown();
      else if (key === 'z' && !shift) step('undo');
      else if (key === 'y' || (key === 'z' && shift)) step('redo');
      else return false;
      return true;
    },
  };
}

/** Show both texts of every cell that differs, and let the person decide. */
export function showClash(model, columns, grid, saver, row) {
  const line = grid.lineOf(row);
  const old = line.nextElementSibling;
  if (old && old.classList.contains('clash')) old.remove();
  if (!row.clash) return;
  const panel = element('tr', 'clash');
  panel.setAttribute('role', 'row');
  const cell = element('td');
  cell.setAttribute('role', 'gridcell');
  cell.colSpan = columns.length + 2;
  const box = element('div', 'notice is-warning');
  box.setAttribute('role', 'alert');
  const text = element('div', 'notice-body');
  text.append(element('p', 'clash-title', say('row_clash')));
  for (const column of columns) {
    if (!row.dirty.has(column.name) || row.clash.cells[column.name] === row.cells[column.name]) continue;
    text.append(element('p', '', `${column.label} · ${say('mine')}：${row.cells[column.name] || say('empty')}　${say('theirs')}：${row.clash.cells[column.name] || say('empty')}`));
  }
  const actions = element('div', 'form-actions');
  for (const [name, keepsMine] of [['use_mine', true], ['use_theirs', false]]) {
    const button = element('button', 'button', say(name));
    button.type = 'button';
    button.dataset.keeps = keepsMine ? 'mine' : 'theirs';
    button.addEventListener('click', () => {
      saver.settle(row, keepsMine);
      grid.focusBack();
    });
    actions.append(button);
  }
  text.append(actions);
  box.append(text);
  cell.append(box);
  panel.append(cell);
  line.after(panel);
}
