// Saves each row by itself soon after it changed, with the version it was read in.
import { data } from '../words.js';
import { say } from './words.js';

const PAUSE_MS = 700;
const RETRY_MS = [3000, 6000, 15000, 30000];

export function makeSaver(model, rowUrl, show) {
  const timers = new Map();
  const busy = new Set();
  const failures = new Map();

  const sendable = (row) => Array.from(row.dirty).filter((column) => !row.errors[column]);
  const unsaved = () => model.rows.filter((row) => row.dirty.size || busy.has(row.id));

  function report() {
    const count = unsaved().length;
    const waiting = model.rows.some((row) => Object.keys(row.errors).length || row.clash);
    show(!count ? 'saved' : busy.size || (timers.size && !waiting) ? 'saving' : 'unsaved', count);
  }

  function schedule(row, delay = PAUSE_MS) {
    clearTimeout(timers.get(row.id));
    timers.set(row.id, setTimeout(() => save(row), delay));
    report();
  }

  function accept(row, sent, answer) {
    row.version = answer.version;
    row.notes = answer.notes;
    row.state = answer.state;
    for (const [column, text] of Object.entries(answer.cells)) {
      const typedMeanwhile = row.dirty.has(column) && row.cells[column] !== sent[column];
      if (!typedMeanwhile && (column in sent || !row.dirty.has(column))) {
        row.cells[column] = text;
        row.dirty.delete(column);
      }
    }
    model.tell('row', row);
    if (sendable(row).length) schedule(row, 0);
  }

  function refuse(row, sent, answer) {
    const fields = answer.fields || {};
    for (const column of Object.keys(sent)) if (fields[column]) row.errors[column] = fields[column];
    if (!Object.keys(sent).some((column) => fields[column])) {
      for (const column of Object.keys(sent)) row.errors[column] = answer.detail || say('failed');
    }
    model.tell('row', row);
    if (sendable(row).length) schedule(row, 0); // what is right need not wait for what is wrong
  }

  async function save(row) {
    timers.delete(row.id);
    if (busy.has(row.id)) return schedule(row);
    const columns = sendable(row);
    if (!columns.length || row.clash) return report();
    const sent = Object.fromEntries(columns.map((column) => [column, row.cells[column]]));
    busy.add(row.id);
    report();
    let status = 0;
    let answer = {};
    try {
      const response = await fetch(rowUrl.replace('ROW', row.id), {
        method: 'POST',
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': data.csrf_token },
        body: JSON.stringify({ version: row.version, cells: sent }),
      });
      status = response.status;
      answer = await response.json().catch(() => ({}));
    } catch {
      status = 0;
    }
    busy.delete(row.id);
    const isGoneWrong = status === 0 || status >= 500 || status === 429;
    if (status === 200) accept(row, sent, answer);
    else if (status === 412 && answer.cells) {
      row.clash = { version: answer.version, cells: answer.cells };
      model.tell('clash', row);
    } else if (!isGoneWrong) refuse(row, sent, answer);
    const count = isGoneWrong ? (failures.get(row.id) || 0) + 1 : 0;
    failures.set(row.id, count);
    if (isGoneWrong) {
      schedule(row, RETRY_MS[Math.min(count, RETRY_MS.length) - 1]);
      show('offline', count);
      return undefined;
    }
    return report();
  }

  return {
    schedule,
    hasUnsaved: () => unsaved().length > 0,
    /** End a clash: keep what was typed over the newer version, or take that. */
    settle(row, keepMine) {
      const { version, cells } = row.clash;
      row.version = version;
      for (const [column, text] of Object.entries(cells)) {
        if (keepMine && row.dirty.has(column)) continue;
        row.cells[column] = text;
        row.dirty.delete(column);
      }
      row.clash = null;
      model.tell('row', row);
      model.tell('clash', row);
      schedule(row, 0);
    },
  };
}
