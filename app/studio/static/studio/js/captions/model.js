// The lines being edited, the one that is active, and the way back and forth through what was done.
const KEPT_STEPS = 500;
const SAME_STEP_MS = 2500;

export class Model {
  constructor(lines) {
    this.lines = lines;
    this.active = lines.length ? 0 : -1;
    this.done = [];
    this.undone = [];
    this.listeners = [];
  }

  get line() {
    return this.lines[this.active];
  }

  /** listener(kind): 'lines' or 'active'. */
  listen(listener) {
    this.listeners.push(listener);
  }

  tell(kind) {
    for (const listener of this.listeners) listener(kind);
  }

  /** One step that can be undone; steps of the same `group` close after each other are one. */
  change(word, lines, { active = this.active, group = '' } = {}) {
    const last = this.done[this.done.length - 1];
    const now = performance.now();
    const isSameStep = group && last && last.group === group && now - last.at < SAME_STEP_MS && !this.undone.length;
    if (isSameStep) last.at = now;
    else this.done.push({ word, group, at: now, lines: this.lines, active: this.active });
    if (this.done.length > KEPT_STEPS) this.done.shift();
    this.undone = [];
    this.show(lines, active);
  }

  show(lines, active) {
    this.lines = lines;
    this.active = Math.min(Math.max(active, lines.length ? 0 : -1), lines.length - 1);
    this.tell('lines');
  }

  activate(active) {
    if (active < 0 || active >= this.lines.length || active === this.active) return;
    this.active = active;
    this.tell('active');
  }

  undo() {
    return this.step(this.done, this.undone);
  }

  redo() {
    return this.step(this.undone, this.done);
  }

  /** The word of the step that was taken back or done again; '' when there is none. */
  step(from, to) {
    const step = from.pop();
    if (!step) return '';
    to.push({ ...step, group: '', lines: this.lines, active: this.active });
    this.show(step.lines, step.active);
    return step.word;
  }
}
