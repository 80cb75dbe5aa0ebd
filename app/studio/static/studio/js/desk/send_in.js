// Sending the batch in for review: how many may go, which may not and why; the form leads to the page that is signed.
import { element, say } from './words.js';

/** Return a function that draws the section anew; a batch of an institution without reviews has none. */
export function makeSendIn(rows, most) {
  const root = document.getElementById('send-in');
  if (!root) return () => {};
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  let drawn = '';

  function item(row) {
    const made = element('li');
    const link = element('a', '', row.cells.title || row.path);
    link.href = row.page_url;
    made.append(link, ...row.state.review.lacks.map((each) => element('span', 'soft', each)));
    return made;
  }

  return () => {
    const of = (name) => rows.filter((row) => row.state.review.state === name);
    const ready = of('ready');
    const missing = of('not_yet');
    const told = JSON.stringify([ready.map((row) => row.id), missing.map((row) => [row.id, row.cells.title, row.state.review.lacks])]);
    const numbers = { ready: ready.length, under_way: of('under_way').length, shelved: of('shelved').length, missing: missing.length };
    part('send-in-words').textContent = say('send_in', numbers);
    if (told === drawn) return;
    drawn = told;
    part('send-in-limit').textContent = ready.length > most ? say('send_in_limit', { limit: most }) : '';
    part('send-in-lectures').replaceChildren(...ready.slice(0, most).map((row) => {
      const field = element('input');
      field.type = 'hidden';
      field.name = 'lecture';
      field.value = row.id;
      return field;
    }));
    part('send-in-button').hidden = !ready.length;
    part('send-in-missing').hidden = !missing.length;
    part('send-in-list').replaceChildren(...missing.map(item));
  };
}
