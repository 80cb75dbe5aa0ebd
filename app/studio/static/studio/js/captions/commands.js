// What each key and button does.
import { insert, merge, put, remove, split } from './edits.js';

export function makeCommands({ model, editor, player, list, checks, limits, say, tell }) {
  const go = (at) => {
    model.activate(at);
    editor.focus();
    list.reveal();
  };
  const stay = () => {
    editor.focus();
    list.reveal();
  };
  const setTime = (name) => {
    const ms = player.nowMs;
    if (ms === null || !model.line) return;
    model.change(say('step_time'), put(model.lines, model.active, { [name]: ms }));
  };

  function insertLine() {
    const lines = insert(model.lines, model.active, player.nowMs, limits.new_line_s * 1000);
    model.change(say('step_insert'), lines, { active: model.active + 1 });
    stay();
    tell(say('inserted'));
  }

  function removeLine() {
    if (!model.line) return;
    model.change(say('step_delete'), remove(model.lines, model.active));
    if (model.line) stay();
    tell(say('deleted'));
  }

  function mergeLines() {
    if (model.active < 0 || model.active >= model.lines.length - 1) return tell(say('last_line'));
    const caret = model.line.t.length;
    model.change(say('step_merge'), merge(model.lines, model.active));
    editor.select(caret, 0);
    return tell(say('merged'));
  }

  function splitLine() {
    if (!model.line) return;
    model.change(say('step_split'), split(model.lines, model.active, editor.caret, player.nowMs), { active: model.active + 1 });
    editor.select(0, 0);
    list.reveal();
    tell(say('split_words'));
  }

  /** All suggestions of the line, from its end so that places stay right. */
  function fix() {
    const { line } = model;
    const found = line ? checks.charactersOf(line) : [];
    if (!found.length) return;
    const t = found.slice().sort((a, b) => b.at - a.at).reduce((text, each) => text.slice(0, each.at) + each.suggestion + text.slice(each.at + each.length), line.t);
    model.change(say('step_replace'), put(model.lines, model.active, { t }));
    tell(say('replaced', { count: found.length }));
  }

  function nextWarning() {
    const { lines, active } = model;
    for (let step = 1; step <= lines.length; step += 1) {
      const at = (active + step) % lines.length;
      const found = checks.of(lines, at);
      if (found.length) {
        go(at);
        tell(found[0]);
        return;
      }
    }
    tell(say('no_warnings'));
  }

  const step = (word, name) => {
    tell(word ? say(name, { text: word }) : say('nothing_to_undo'));
    if (model.line) stay();
  };

  return {
    toggle: () => player.toggle(),
    from: () => player.playFrom(model.line),
    loop: () => tell(say(player.toggleLoop(model.line) ? 'looping' : 'loop_off')),
    back: () => player.skip(-2000),
    forward: () => player.skip(2000),
    up: () => go(model.active - 1),
    down: () => go(model.active + 1),
    confirm: () => (model.active < model.lines.length - 1 ? go(model.active + 1) : insertLine()),
    start: () => setTime('s'),
    end: () => setTime('e'),
    split: splitLine,
    merge: mergeLines,
    insert: insertLine,
    remove: removeLine,
    fix,
    next: nextWarning,
    undo: () => step(model.undo(), 'undone'),
    redo: () => step(model.redo(), 'redone'),
  };
}
