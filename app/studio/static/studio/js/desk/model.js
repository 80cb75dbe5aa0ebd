// Rows and what was done to their cells: apply, undo, redo. Knows nothing of the page or the server.

export function makeModel(rows) {
  for (const row of rows) {
    row.dirty = new Set();
    row.errors = {};
    row.clash = null;
  }
  const done = [];
  const undone = [];
  const watchers = [];
  const tell = (kind, row, column) => watchers.forEach((watch) => watch(kind, row, column));

  function write(changes, side) {
    for (const change of changes) {
      const row = rows[change.row];
      row.cells[change.column] = change[side];
      row.dirty.add(change.column);
      delete row.errors[change.column];
      tell('cell', row, change.column);
    }
  }

  return {
    rows,
    watch: (handler) => watchers.push(handler),
    tell,
    /** Change cells in one step; `changes` are {row, column, after}. Cells of rows that are not ours to edit stay. */
    apply(changes, label) {
      const real = changes
        .filter(({ row, column, after }) => rows[row].may_edit && rows[row].cells[column] !== after)
        .map((change) => ({ ...change, before: rows[change.row].cells[change.column] }));
      if (!real.length) return 0;
      done.push({ label, changes: real });
      undone.length = 0;
      write(real, 'after');
      return real.length;
    },
    undo() {
      const step = done.pop();
      if (!step) return null;
      undone.push(step);
      write(step.changes, 'before');
      return step;
    },
    redo() {
      const step = undone.pop();
      if (!step) return null;
      done.push(step);
      write(step.changes, 'after');
      return step;
    },
    can: () => ({ undo: done.length > 0, redo: undone.length > 0 }),
  };
}
