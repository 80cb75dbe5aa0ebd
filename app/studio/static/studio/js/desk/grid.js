// The table: a grid as WAI-ARIA describes it, drawn once and brought up to date cell by cell. Keys and marks are here;
// what an open cell looks like is `editor`, what a change means is `model`.
import { openEditor } from './editor.js';
import { element, say } from './words.js';

const PAGE_ROWS = 8;

export function makeGrid(root, model, columns, handlers) {
  const body = root.querySelector('tbody');
  const lines = new Map();
  let active = { row: 0, column: 0 };
  let anchor = active;
  let editor = null;

  const cellAt = ({ row, column }) => body.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  const inBounds = ({ row, column }) => ({
    row: Math.max(0, Math.min(model.rows.length - 1, row)),
    column: Math.max(0, Math.min(columns.length - 1, column)),
  });

  function range() {
    return {
      top: Math.min(active.row, anchor.row), bottom: Math.max(active.row, anchor.row),
      left: Math.min(active.column, anchor.column), right: Math.max(active.column, anchor.column),
    };
  }

  function mark() {
    const { top, bottom, left, right } = range();
    const isWide = top !== bottom || left !== right;
    for (const cell of body.querySelectorAll('[data-column]')) {
      const row = Number(cell.dataset.row);
      const column = Number(cell.dataset.column);
      cell.setAttribute('aria-selected', String(isWide && row >= top && row <= bottom && column >= left && column <= right));
      cell.tabIndex = row === active.row && column === active.column ? 0 : -1;
    }
  }

  function go(place, { extend = false, focus = true, scroll = true } = {}) {
    active = inBounds(place);
    if (!extend) anchor = active;
    mark();
    const cell = cellAt(active);
    if (focus && cell) {
      cell.focus({ preventScroll: true });
      if (scroll) cell.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  }

  function drawCell(row, column) {
    const cell = lines.get(row.id).cells[column.name];
    if (editor && editor.cell === cell) return;
    const error = row.errors[column.name] || '';
    const note = error ? '' : row.notes[column.name] || '';
    cell.textContent = '';
    cell.append(element('span', 'cell-text', row.cells[column.name]));
    if (error) cell.append(element('span', 'cell-error', error));
    if (note) cell.append(element('span', 'cell-note', note));
    cell.classList.toggle('is-empty', !row.cells[column.name]);
    cell.classList.toggle('has-note', Boolean(note));
    if (error) cell.setAttribute('aria-invalid', 'true');
    else cell.removeAttribute('aria-invalid');
  }

  function drawRow(row, index) {
    const line = element('tr');
    line.setAttribute('role', 'row');
    line.setAttribute('aria-rowindex', String(index + 2));
    line.dataset.id = row.id;
    const head = element('th', 'row-head');
    head.setAttribute('role', 'rowheader');
    head.scope = 'row';
    const link = element('a', 'row-file', row.path.slice(row.path.lastIndexOf('/') + 1));
    link.href = row.page_url;
    link.target = '_blank';
    link.rel = 'noopener';
    link.title = row.path;
    head.append(element('span', 'row-number figures', String(index + 1)), link);
    const state = element('td', 'row-state');
    state.setAttribute('role', 'gridcell');
    line.append(head, state);
    const cells = {};
    columns.forEach((column, number) => {
      const cell = element('td', `cell is-${column.kind}`);
      cell.setAttribute('role', 'gridcell');
      cell.setAttribute('aria-colindex', String(number + 3));
      cell.dataset.row = String(index);
      cell.dataset.column = String(number);
      cell.dataset.label = column.label;
      if (!row.may_edit) cell.setAttribute('aria-readonly', 'true');
      cells[column.name] = cell;
      line.append(cell);
    });
    body.append(line);
    lines.set(row.id, { line, cells, state });
    columns.forEach((column) => drawCell(row, column));
    handlers.drawState(row, state);
  }

  function edit(first = null) {
    const row = model.rows[active.row];
    const column = columns[active.column];
    const cell = cellAt(active);
    if (!row.may_edit || editor || !cell) return;
    const close = (text, move) => {
      const closing = editor;
      editor = null;
      if (!closing) return;
      if (text !== null) model.apply([{ row: active.row, column: column.name, after: text }], say('edited', { column: column.label }));
      drawCell(row, column);
      if (move) go({ row: active.row + move.row, column: active.column + move.column });
      else if (document.activeElement === document.body || closing.cell.contains(document.activeElement)) cell.focus();
    };
    editor = { cell };
    openEditor(cell, column, row.cells[column.name], first, close);
  }

  function clear() {
    const { top, bottom, left, right } = range();
    const changes = [];
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) changes.push({ row, column: columns[column].name, after: '' });
    }
    model.apply(changes, say('clear_step'));
  }

  function moveBy(event) {
    const { row, column } = active;
    const far = event.ctrlKey || event.metaKey;
    const places = {
      ArrowUp: { row: far ? 0 : row - 1, column },
      ArrowDown: { row: far ? model.rows.length - 1 : row + 1, column },
      ArrowLeft: { row, column: far ? 0 : column - 1 },
      ArrowRight: { row, column: far ? columns.length - 1 : column + 1 },
      Home: { row: far ? 0 : row, column: 0 },
      End: { row: far ? model.rows.length - 1 : row, column: columns.length - 1 },
      PageUp: { row: row - PAGE_ROWS, column },
      PageDown: { row: row + PAGE_ROWS, column },
    };
    return places[event.key] || null;
  }

  function tab(event) {
    const step = event.shiftKey ? -1 : 1;
    const flat = active.row * columns.length + active.column + step;
    if (flat < 0 || flat >= model.rows.length * columns.length) return; // at the ends Tab leaves the table
    event.preventDefault();
    go({ row: Math.floor(flat / columns.length), column: flat % columns.length });
  }

  function onKey(event) {
    if (editor || !event.target.dataset.column) return;
    const command = event.ctrlKey || event.metaKey;
    const place = moveBy(event);
    if (place) {
      event.preventDefault();
      go(place, { extend: event.shiftKey });
    } else if (event.key === 'Tab') tab(event);
    else if (event.key === 'Enter' || event.key === 'F2') {
      event.preventDefault();
      edit();
    } else if (event.key === 'Escape') go(active);
    else if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      clear();
    } else if (command && event.key.toLowerCase() === 'a') {
      event.preventDefault();
      anchor = { row: 0, column: 0 };
      go({ row: model.rows.length - 1, column: columns.length - 1 }, { extend: true });
    } else if (command && handlers.onCommand(event.key.toLowerCase(), event.shiftKey)) event.preventDefault();
    else if (!command && !event.altKey && (event.key.length === 1 || event.key === 'Process')) {
      // An input method begins to write in whatever has the focus, so the editor must have it before this key ends.
      if (event.key !== 'Process') event.preventDefault();
      edit(event.key === 'Process' ? '' : event.key);
    }
  }

  function placeOf(target) {
    const cell = target.closest('[data-column]');
    return cell && body.contains(cell) ? { row: Number(cell.dataset.row), column: Number(cell.dataset.column) } : null;
  }

  let dragging = false;
  let touched = false;
  body.addEventListener('keydown', onKey);
  body.addEventListener('pointerdown', (event) => {
    const place = placeOf(event.target);
    touched = event.pointerType === 'touch';
    if (!place || (editor && editor.cell.contains(event.target)) || touched || event.button !== 0) return;
    event.preventDefault();
    if (editor) document.activeElement.blur();
    dragging = true;
    go(place, { extend: event.shiftKey, scroll: false }); // what is pointed at must not move away under the pointer
  });
  body.addEventListener('pointerover', (event) => {
    const place = dragging && placeOf(event.target);
    if (place) go(place, { extend: true, focus: false });
  });
  window.addEventListener('pointerup', () => {
    dragging = false;
  });
  body.addEventListener('click', (event) => {
    const place = placeOf(event.target);
    if (!place || (editor && editor.cell.contains(event.target)) || !touched) return;
    go(place);
    edit(); // a finger has no second click
  });
  body.addEventListener('dblclick', (event) => {
    if (placeOf(event.target) && !editor) edit();
  });
  body.addEventListener('focusin', (event) => {
    const place = !editor && event.target.dataset.column ? placeOf(event.target) : null;
    if (place && (place.row !== active.row || place.column !== active.column) && !dragging) go(place, { focus: false });
  });

  model.rows.forEach(drawRow);
  mark();
  model.watch((kind, row, name) => {
    if (kind === 'cell') drawCell(row, columns.find((column) => column.name === name));
    else if (kind === 'row') columns.forEach((column) => drawCell(row, column));
  });

  return {
    range,
    isEditing: () => Boolean(editor),
    hasFocus: () => body.contains(document.activeElement),
    go,
    focusBack: () => go(active, { extend: true }),
    drawState: (row) => handlers.drawState(row, lines.get(row.id).state),
    lineOf: (row) => lines.get(row.id).line,
  };
}
