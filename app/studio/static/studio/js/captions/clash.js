// Two drafts of one caption: what is in one and not in the other, side by side, and a decision.
import { clock } from './clock.js';

const SHOWN = 40;

function only(lines, others) {
  const known = new Set(others.map((line) => `${line.s} ${line.e} ${line.t}`));
  return lines.filter((line) => !known.has(`${line.s} ${line.e} ${line.t}`));
}

function column(title, lines, say) {
  const box = document.createElement('div');
  const head = document.createElement('h3');
  head.textContent = title;
  const list = document.createElement('ul');
  for (const line of lines.slice(0, SHOWN)) {
    const item = document.createElement('li');
    item.textContent = `${clock(line.s)} – ${clock(line.e)}  ${line.t || say('empty')}`;
    list.append(item);
  }
  if (!lines.length || lines.length > SHOWN) {
    const item = document.createElement('li');
    item.className = 'soft';
    item.textContent = lines.length ? say('more_lines', { count: lines.length - SHOWN }) : say('no_such_line');
    list.append(item);
  }
  box.append(head, list);
  return box;
}

export function showClash(box, { mine, theirs, name }, say, decide) {
  box.textContent = '';
  const sentence = document.createElement('p');
  sentence.textContent = say('clash', { name: name || say('somebody') });
  const both = document.createElement('div');
  both.className = 'captions-both';
  both.append(column(say('mine'), only(mine, theirs), say), column(say('theirs'), only(theirs, mine), say));
  const row = document.createElement('div');
  row.className = 'form-actions';
  for (const [word, keepMine] of [['use_mine', true], ['use_theirs', false]]) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = keepMine ? 'button is-primary' : 'button';
    button.dataset.testid = word;
    button.textContent = say(word);
    button.addEventListener('click', () => {
      box.hidden = true;
      decide(keepMine);
    });
    row.append(button);
  }
  box.append(sentence, both, row);
  box.hidden = false;
  box.scrollIntoView({ block: 'start' });
  row.firstElementChild.focus();
}
