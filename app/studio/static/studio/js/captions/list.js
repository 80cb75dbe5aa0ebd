// The lines on the page: light rows, of which the active one opens into fields. Only rows whose line changed are drawn.
import { clock } from './clock.js';

function make(tag, className, text = '') {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

export class List {
  constructor(root, model, checks, editor, say) {
    Object.assign(this, { root, model, checks, editor, say });
    this.rows = new Map(); // by id: {item, line, warnings}
    this.openId = null;
    this.playingId = null;
    root.addEventListener('click', (event) => {
      const button = event.target.closest('.captions-row');
      if (button) this.activate(Number(button.parentElement.dataset.id));
    });
  }

  activate(id) {
    const at = this.model.lines.findIndex((line) => line.id === id);
    if (at === this.model.active) this.editor.focus();
    else this.model.activate(at);
  }

  render() {
    const { lines } = this.model;
    const kept = new Set(lines.map((line) => line.id));
    for (const [id, row] of this.rows) {
      if (!kept.has(id)) {
        row.item.remove();
        this.rows.delete(id);
      }
    }
    let place = this.root.firstElementChild;
    let warned = 0;
    lines.forEach((line, at) => {
      const row = this.rows.get(line.id) || this.addRow(line);
      if (row.item === place) place = place.nextElementSibling;
      else this.root.insertBefore(row.item, place);
      this.draw(row, line, this.checks.of(lines, at));
      if (row.warnings) warned += 1;
    });
    this.open();
    return warned;
  }

  addRow(line) {
    const item = make('li', 'captions-line');
    item.dataset.id = line.id;
    const button = make('button', 'captions-row');
    button.type = 'button';
    const time = make('span', 'captions-time figures');
    const text = make('span', 'captions-words');
    button.append(time, text);
    const notes = make('span', 'captions-notes');
    item.append(button, notes);
    const row = { item, button, time, text, notes, line: null, warnings: null };
    this.rows.set(line.id, row);
    return row;
  }

  draw(row, line, found) {
    if (row.line !== line) {
      row.time.textContent = `${clock(line.s)} – ${clock(line.e)}`;
      row.text.textContent = line.t || this.say('empty');
      row.text.classList.toggle('soft', !line.t);
      row.line = line;
    }
    const warnings = found.join('\n');
    if (row.warnings === warnings) return;
    row.warnings = warnings;
    row.item.classList.toggle('has-warning', Boolean(warnings));
    row.notes.textContent = '';
    for (const words of found) row.notes.append(make('span', 'captions-note', words));
  }

  /** Opens the active row; the fields are one element that moves. */
  open() {
    const { line, active } = this.model;
    const before = this.rows.get(this.openId);
    if (before && (!line || before.line.id !== line.id)) before.item.classList.remove('is-active');
    this.openId = line ? line.id : null;
    if (!line) {
      this.editor.box.remove();
      return;
    }
    const row = this.rows.get(line.id);
    row.item.classList.add('is-active');
    if (this.editor.box.parentElement !== row.item) row.item.insertBefore(this.editor.box, row.notes);
    this.editor.show(line, active);
  }

  reveal() {
    const row = this.rows.get(this.openId);
    if (!row) return;
    const box = row.item.getBoundingClientRect();
    const top = window.innerWidth < 960 ? window.innerHeight * 0.4 : 60; // narrow pages keep the picture above the lines
    if (box.top < top || box.bottom > window.innerHeight - 40) row.item.scrollIntoView({ block: 'center' });
  }

  /** Marks the line that is heard. */
  mark(line) {
    const id = line ? line.id : null;
    if (id === this.playingId) return;
    const before = this.rows.get(this.playingId);
    if (before) before.item.classList.remove('is-playing');
    const now = this.rows.get(id);
    if (now) now.item.classList.add('is-playing');
    this.playingId = id;
  }
}
