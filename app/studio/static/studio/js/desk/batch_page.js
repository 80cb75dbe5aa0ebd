// The page of a batch: table, saving, sending, what the server says of each file.
import { bindHabits } from '../habits_form.js';
import { fromDrop, fromInput, sortOut } from './files.js';
import { makeGrid } from './grid.js';
import { makeModel } from './model.js';
import { makeSaver } from './saving.js';
import { makeSendIn } from './send_in.js';
import { makeLine, matchFiles } from './sending.js';
import { countStates, drawState } from './states.js';
import { makeCommands, showClash } from './table.js';
import { readDesk, say } from './words.js';

const POLL_MS = 4000;
const NAMES_SHOWN = 3;

export function startBatch(chosen) {
  const desk = readDesk();
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const model = makeModel(desk.rows);
  const speak = (text) => {
    part('spoken').textContent = text;
  };

  const line = makeLine((row) => {
    if (row) grid.drawState(row);
    overall();
    if (row && row.local.state === 'sent') poll();
  });
  const commands = makeCommands(model, desk.columns, speak);
  const grid = makeGrid(document.getElementById('desk-grid'), model, desk.columns, {
    drawState: (row, cell) => drawState(row, cell, line.answer), onCommand: commands.onCommand,
  });
  commands.bind(grid);
  const drawSendIn = makeSendIn(model.rows, desk.send_in_max);
  const saver = makeSaver(model, desk.row_url, (state, count) => {
    part('saved').textContent = say(state, { count });
    part('saved').dataset.state = state;
  });
  model.watch((kind, row) => {
    if (kind === 'cell') saver.schedule(row);
    if (kind === 'row') {
      grid.drawState(row);
      overall();
    }
    if (kind === 'clash') showClash(model, desk.columns, grid, saver, row);
    part('undo').disabled = !model.can().undo;
    part('redo').disabled = !model.can().redo;
  });

  function overall() {
    const numbers = countStates(model.rows);
    part('overall').textContent = say('overall', numbers);
    part('again').hidden = !numbers.missing;
    part('pause').hidden = !line.isBusy() || line.isPaused();
    part('resume').hidden = !line.isPaused();
    part('use-all').hidden = numbers.known < 2;
    if (numbers.night && part('night-words').hidden) document.querySelector('.upload-habits').open = true; // the way out
    part('night-words').hidden = !numbers.night;
    drawSendIn();
  }

  let polling = null;
  async function poll() {
    clearTimeout(polling);
    try {
      const response = await fetch(desk.state_url, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
      if (response.ok) {
        const { rows } = await response.json();
        for (const row of model.rows) {
          if (!rows[row.id] || JSON.stringify(rows[row.id]) === JSON.stringify(row.state)) continue;
          row.state = rows[row.id];
          grid.drawState(row);
        }
        overall();
      }
    } catch {
      // The next look tells.
    }
    schedule();
  }
  function schedule() {
    const isMoving = line.isBusy() || model.rows.some((row) => row.state.is_live || row.state.findings.some((each) => each.kind === 'info'));
    polling = setTimeout(() => (document.hidden ? schedule() : poll()), isMoving ? POLL_MS : POLL_MS * 8);
  }

  function take(found) {
    const { media } = sortOut(found);
    const { matched, others } = matchFiles(model.rows, media);
    const words = [];
    if (matched.length) words.push(say('matched', { count: matched.length }));
    else words.push(say('nothing_matched'));
    if (others.length) words.push(say('unmatched', { count: others.length, names: others.slice(0, NAMES_SHOWN).join('、') }));
    part('again-words').textContent = words.join(' ');
    line.add(matched);
    overall();
  }

  for (const input of document.querySelectorAll('[data-again]')) {
    input.addEventListener('change', () => {
      take(fromInput(input));
      input.value = '';
    });
  }
  const zone = part('again');
  zone.addEventListener('dragover', (event) => event.preventDefault());
  zone.addEventListener('drop', async (event) => {
    event.preventDefault();
    take(await fromDrop(event.dataTransfer));
  });
  part('undo').addEventListener('click', commands.undo);
  part('redo').addEventListener('click', commands.redo);
  part('fill').addEventListener('click', commands.fillDown);
  part('pause').addEventListener('click', () => line.pause());
  part('resume').addEventListener('click', () => line.resume());
  part('use-all').addEventListener('click', () => {
    for (const row of model.rows) if (row.local && row.local.state === 'known') line.answer(row, true);
  });
  bindHabits(line.follow);
  window.addEventListener('beforeunload', (event) => {
    if (!saver.hasUnsaved() && !line.isBusy()) return;
    event.preventDefault();
    event.returnValue = say('leave');
  });
  for (const each of document.querySelectorAll('[data-needs-script]')) each.hidden = false;
  for (const each of document.querySelectorAll('[data-without-script]')) each.hidden = true;
  overall();
  if (chosen) take(chosen);
  schedule();
}

