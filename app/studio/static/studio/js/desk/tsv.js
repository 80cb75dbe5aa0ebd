// Blocks of cells as spreadsheet programs put them on the clipboard: tabs, line ends, quotes around what holds them.

/** Read a block; a quoted cell may hold tabs, line ends and doubled quotes. */
export function readBlock(text) {
  const rows = [[]];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    // A mark of ours comes back off: what was copied here is pasted here as it was.
    rows[rows.length - 1].push(cell[0] === "'" && looksLikeFormula(cell.slice(1)) ? cell.slice(1) : cell);
    cell = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter === '"' && text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else if (letter === '"') quoted = false;
      else cell += letter;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === '\t') endCell();
    else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && text[at + 1] === '\n') at += 1;
      endCell();
      rows.push([]);
    } else cell += letter;
  }
  endCell();
  const last = rows[rows.length - 1];
  if (rows.length > 1 && last.length === 1 && last[0] === '') rows.pop(); // programs end the block with a line end
  return rows;
}

// As app/kernel/sheet_cells.py: programs skip blanks, and full-width signs become plain ones when a cell is edited.
const looksLikeFormula = (cell) => /^[=+\-@\t\r]/.test(cell) || /^[=+\-@\t\r＝＋－＠]/.test(cell.trimStart());

/** Write a block for other programs: what one could run as a formula begins with the mark that keeps it a text. */
export function writeBlock(rows) {
  const harmless = (cell) => (looksLikeFormula(cell) ? `'${cell}` : cell);
  const quote = (cell) => (/["\t\n\r]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell);
  return rows.map((row) => row.map((cell) => quote(harmless(cell))).join('\t')).join('\r\n');
}
