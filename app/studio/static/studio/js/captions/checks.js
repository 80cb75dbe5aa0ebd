// What a line should be looked at for: its length in time, its speed, its width, its neighbours, its characters.

const isNarrow = (letter) => letter.charCodeAt(0) < 0x2e80;

/** Characters to read: a Chinese one counts one, a Latin one half, blanks and marks nothing. */
function weight(text) {
  let total = 0;
  for (const letter of text) {
    if (/[\p{L}\p{N}]/u.test(letter)) total += isNarrow(letter) ? 0.5 : 1;
  }
  return total;
}

function columns(text) {
  let total = 0;
  for (const letter of text) total += isNarrow(letter) ? 1 : 2;
  return total;
}

export function makeChecks(limits, say) {
  const alone = new WeakMap(); // a line never changes, so what is to be said of it alone is worked out once
  const characters = new Map(); // by id: {line, findings}; the server tells them when it keeps the line

  function ofLine(line) {
    if (alone.has(line)) return alone.get(line);
    const found = [];
    const seconds = (line.e - line.s) / 1000;
    if (!line.t) found.push(say('empty'));
    if (seconds <= 0) found.push(say('no_time'));
    else {
      const speed = weight(line.t) / seconds;
      if (speed > limits.max_characters_per_s) found.push(say('fast', { speed: speed.toFixed(1) }));
      if (seconds < limits.min_duration_s) found.push(say('short', { seconds: seconds.toFixed(1) }));
      if (seconds > limits.max_duration_s) found.push(say('long', { seconds: seconds.toFixed(1) }));
    }
    const rows = line.t.split('\n');
    if (rows.some((row) => columns(row) > limits.max_columns)) found.push(say('wide', { count: limits.max_columns / 2 }));
    if (rows.length > limits.max_lines) found.push(say('high', { count: limits.max_lines }));
    alone.set(line, found);
    return found;
  }

  const charactersOf = (line) => {
    const known = characters.get(line.id);
    return known && known.t === line.t ? known.findings : [];
  };

  return {
    charactersOf,
    learn(line, findings) {
      characters.set(line.id, { t: line.t, findings });
    },
    /** Everything to be said of the line at `at`. */
    of(lines, at) {
      const line = lines[at];
      const found = ofLine(line).slice();
      const next = lines[at + 1];
      if (at && line.s < lines[at - 1].s) found.push(say('order'));
      if (next && next.s >= line.s && line.e > next.s) found.push(say('overlap', { seconds: ((line.e - next.s) / 1000).toFixed(1) }));
      for (const each of charactersOf(line)) found.push(say(each.kind, { found: each.found, suggestion: each.suggestion }));
      return found;
    },
  };
}
