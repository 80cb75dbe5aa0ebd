// The fields of the active line. What is typed goes into the model at once, but not while an input method composes.
import { clock, parseClock } from './clock.js';
import { put } from './edits.js';

function field(label, className) {
  const box = document.createElement('label');
  box.className = className;
  const words = document.createElement('span');
  words.textContent = label;
  const input = document.createElement('input');
  input.className = 'input figures';
  input.inputMode = 'decimal';
  input.autocomplete = 'off';
  box.append(words, input);
  return [box, input];
}

export class Editor {
  constructor(model, say, tell) {
    Object.assign(this, { model, say, tell });
    this.box = document.createElement('div');
    this.box.className = 'captions-editor';
    this.text = document.createElement('textarea');
    this.text.className = 'input captions-input';
    this.text.rows = 2;
    this.text.spellcheck = false;
    this.text.dataset.testid = 'line-text';
    const [startBox, start] = field(say('start_label'), 'captions-at');
    const [endBox, end] = field(say('end_label'), 'captions-at');
    const times = document.createElement('div');
    times.className = 'captions-ats';
    times.append(startBox, endBox);
    this.times = { s: start, e: end };
    start.dataset.testid = 'line-start';
    end.dataset.testid = 'line-end';
    this.box.append(times, this.text);
    this.shown = null;
    this.isComposing = false;
    this.wire();
  }

  wire() {
    this.text.addEventListener('compositionstart', () => {
      this.isComposing = true;
    });
    this.text.addEventListener('compositionend', () => {
      this.isComposing = false;
      this.take();
    });
    this.text.addEventListener('input', () => this.isComposing || this.take());
    for (const [name, input] of Object.entries(this.times)) {
      input.addEventListener('change', () => this.takeTime(name, input));
    }
  }

  take() {
    const { model } = this;
    if (!model.line || model.line.t === this.text.value) return;
    const lines = put(model.lines, model.active, { t: this.text.value });
    model.change(this.say('step_text'), lines, { group: `text${model.line.id}` });
  }

  takeTime(name, input) {
    const { model } = this;
    const ms = parseClock(input.value);
    input.setAttribute('aria-invalid', String(ms === null));
    if (ms === null) this.tell(this.say('bad_time'));
    else if (model.line && ms !== model.line[name]) model.change(this.say('step_time'), put(model.lines, model.active, { [name]: ms }));
  }

  show(line, at) {
    const isOther = !this.shown || this.shown.id !== line.id;
    if (this.text.value !== line.t && !this.isComposing) this.text.value = line.t;
    for (const [name, input] of Object.entries(this.times)) {
      if (isOther || this.shown[name] !== line[name]) {
        input.value = clock(line[name], true);
        input.removeAttribute('aria-invalid');
      }
    }
    this.text.setAttribute('aria-label', this.say('text_label', { number: at + 1 }));
    this.shown = line;
  }

  focus() {
    this.text.focus({ preventScroll: true });
  }

  get caret() {
    return this.text.selectionStart;
  }

  select(at, length) {
    this.focus();
    this.text.setSelectionRange(at, at + length);
  }
}
