// What a row says of its file: how far it is here, what the server says of it, what the check found, what to answer.
import { words } from '../words.js';
import { element, say } from './words.js';

const SHOWS_PERCENT = new Set(['sending', 'checking']);

function localWords(local) {
  if (local.state === 'failed') return local.problem ? say(local.problem) : local.sentence || say('failed');
  if (local.state === 'known') return words('known', local.found);
  return say(local.state, { percent: local.percent || 0 });
}

function question(row, onAnswer) {
  const box = element('span', 'state-answers');
  for (const [name, isUsed] of [['use_known', true], ['send_anyway', false]]) {
    const button = element('button', isUsed ? 'button is-primary' : 'button', say(name));
    button.type = 'button';
    button.dataset.answer = isUsed ? 'use' : 'send';
    button.addEventListener('click', () => onAnswer(row, isUsed));
    box.append(button);
  }
  return box;
}

/** Draw the state of `row` into its cell; `onAnswer(row, isUsed)` hears about a file that is here already. */
export function drawState(row, cell, onAnswer) {
  const local = row.local && !(row.local.state === 'sent' && row.state.has_file) ? row.local : null;
  const told = local ? localWords(local) : row.state.words;
  cell.textContent = '';
  cell.dataset.phase = local ? local.state : row.state.phase;
  cell.append(element('span', 'state-words', told));
  const percent = local ? local.percent : row.state.is_live ? row.state.percent : null;
  if (percent !== undefined && percent !== null && (!local || SHOWS_PERCENT.has(local.state))) {
    const bar = element('progress');
    bar.max = 100;
    bar.value = percent;
    bar.setAttribute('aria-label', told);
    cell.append(bar);
  }
  if (local && local.state === 'known') cell.append(question(row, onAnswer));
  for (const finding of row.state.findings) {
    const found = element('span', `state-finding is-${finding.kind}`, finding.text);
    if (finding.at) found.append(element('span', 'state-at figures', finding.at));
    cell.append(found);
  }
}

const isSent = (row) => row.state.has_file || (row.local && row.local.state === 'sent');
const isLocally = (row, ...states) => Boolean(row.local) && states.includes(row.local.state);

/** How many rows are how far. */
export function countStates(rows) {
  const count = (test) => rows.filter(test).length;
  return {
    total: rows.length,
    sent: count(isSent),
    sending: count((row) => isLocally(row, 'sending', 'checking', 'taking', 'retrying', 'paused')),
    waiting: count((row) => !isSent(row) && (!row.local || isLocally(row, 'queued', 'night'))),
    wrong: count((row) => row.state.phase === 'failed' || isLocally(row, 'failed', 'known')),
    night: count((row) => isLocally(row, 'night')),
    known: count((row) => isLocally(row, 'known')),
    missing: count((row) => !isSent(row) && (!row.local || isLocally(row, 'failed'))),
  };
}
