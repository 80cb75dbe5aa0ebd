// Finding and replacing over all lines.
import { replaceAll } from './edits.js';

export function wireReplace(form, { model, editor, say, tell, reveal }) {
  const [find, replacement] = [form.querySelector('#find'), form.querySelector('#with')];

  function places(text) {
    const found = [];
    model.lines.forEach((line, at) => {
      for (let from = line.t.indexOf(text); from >= 0; from = line.t.indexOf(text, from + text.length)) found.push({ at, from });
    });
    return found;
  }

  function next() {
    const text = find.value;
    const found = text ? places(text) : [];
    if (!found.length) {
      tell(say('nothing_found', { text }));
      return;
    }
    const caret = editor.text.selectionEnd;
    const isBehind = ({ at, from }) => at > model.active || (at === model.active && from >= caret);
    const number = Math.max(0, found.findIndex(isBehind));
    const { at, from } = found[number];
    model.activate(at);
    editor.select(from, text.length);
    reveal();
    tell(say('found_at', { number: number + 1, count: found.length }));
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    next();
  });
  form.querySelector('[data-part=replace-all]').addEventListener('click', () => {
    if (!find.value) return;
    const [lines, count] = replaceAll(model.lines, find.value, replacement.value);
    if (count) model.change(say('step_replace'), lines);
    tell(count ? say('replaced', { count }) : say('nothing_found', { text: find.value }));
  });
  const close = () => {
    form.hidden = true;
    editor.focus();
  };
  form.querySelector('[data-part=replace-close]').addEventListener('click', close);
  form.addEventListener('keydown', (event) => event.key === 'Escape' && !event.isComposing && close());

  return () => {
    form.hidden = false;
    const { text } = editor;
    const chosen = text.value.slice(text.selectionStart, text.selectionEnd);
    if (chosen && !chosen.includes('\n')) find.value = chosen;
    find.focus();
    find.select();
  };
}
