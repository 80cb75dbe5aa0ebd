// Puts the parts of the captions desk together.
import { Editor } from './editor.js';
import { List } from './list.js';
import { Model } from './model.js';
import { Player } from './player.js';
import { Saver } from './saving.js';
import { commandOf } from './keys.js';
import { fromRows, isSame } from './edits.js';
import { makeChecks } from './checks.js';
import { makeCommands } from './commands.js';
import { showClash } from './clash.js';
import { wireReplace } from './replace.js';

const part = (name) => document.querySelector(`[data-part="${name}"]`);

function makeWords(words) {
  return (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
}

/** The line at a moment, the last one when several overlap. */
function lineAt(lines, ms) {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].s <= ms) low = middle + 1;
    else high = middle;
  }
  const line = lines[low - 1];
  return line && ms < line.e ? line : null;
}

function learner(checks) {
  return (lines, at, findings) => {
    const byLine = new Map(lines.map((line) => [line, []]));
    for (const [number, from, length, found, suggestion, kind] of findings) {
      const line = lines[number - at];
      if (line) byLine.get(line).push({ at: from, length, found, suggestion, kind });
    }
    byLine.forEach((found, line) => checks.learn(line, found));
  };
}

function wireFinish(saver) {
  const form = part('finish');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    await saver.whenSaved();
    form.submit();
  });
  document.querySelectorAll('a[data-needs-saved]').forEach((link) => link.addEventListener('click', async (event) => {
    if (!saver.hasUnsaved) return;
    event.preventDefault();
    await saver.whenSaved();
    link.click();
  }));
}

function recover(saver, model, say, tell) {
  const backup = saver.recall();
  if (!backup || !Array.isArray(backup.lines)) return;
  const lines = fromRows(backup.lines);
  const isSameAsKept = lines.length === model.lines.length && lines.every((line, at) => isSame(line, model.lines[at]));
  if (isSameAsKept) {
    saver.forget();
    return;
  }
  const kept = model.lines;
  model.change(say('step_recover'), lines, { active: 0 });
  tell(say('recovered'));
  if (backup.version !== saver.version) saver.meet({ version: saver.version, lines: saver.data.lines, findings: saver.data.findings, name: '' });
  else saver.saved = kept;
}

function wireTools(commands, player) {
  document.addEventListener('click', (event) => {
    const tool = event.target.closest('[data-tool]');
    if (!tool) return;
    if (tool.dataset.tool === 'sound') {
      const isOn = tool.getAttribute('aria-pressed') !== 'true';
      tool.setAttribute('aria-pressed', String(isOn));
      player.swapSource(isOn);
    } else commands[tool.dataset.tool]();
  });
}

export function start() {
  const data = JSON.parse(document.getElementById('captions-data').textContent);
  const say = makeWords(data.words);
  const tell = (words) => {
    part('spoken').textContent = words;
    part('saved').dataset.said = words;
  };
  const model = new Model(fromRows(data.lines));
  const checks = makeChecks(data.limits, say);
  const learn = learner(checks);
  learn(model.lines, 0, data.findings);
  const editor = new Editor(model, say, tell);
  const list = new List(part('lines'), model, checks, editor, say);
  const shown = part('shown');
  const follow = (ms) => {
    const line = ms === null ? null : lineAt(model.lines, ms);
    list.mark(line);
    if (shown && shown.textContent !== (line ? line.t : '')) shown.textContent = line ? line.t : '';
  };
  const player = new Player(part('media'), model, follow);

  function render() {
    const warned = list.render();
    part('count').textContent = say('count', { count: model.lines.length });
    part('warnings').textContent = warned ? say('warnings', { count: warned }) : '';
    part('empty').hidden = model.lines.length > 0;
    follow(player.nowMs);
  }

  const saver = new Saver(model, data, {
    state: (name, text = '') => {
      part('saved').dataset.state = name;
      part('saved').textContent = say(name, { text });
    },
    learnt: (lines, at, findings) => {
      learn(lines, at, findings);
      render();
    },
    clash: (both) => showClash(part('clash'), both, say, (keepMine) => saver.decide(keepMine, say('step_theirs'))),
    version: (number) => document.querySelectorAll('form input[name=version]').forEach((input) => {
      input.value = number;
    }),
  });
  model.listen((kind) => {
    if (kind === 'lines') render();
    else list.open();
  });
  const commands = makeCommands({ model, editor, player, list, checks, limits: data.limits, say, tell });
  commands.replace = wireReplace(part('replace'), { model, editor, say, tell, reveal: () => list.reveal() });
  document.addEventListener('keydown', (event) => {
    const command = commandOf(event, editor.text);
    if (!command || !commands[command]) return;
    if (event.target.closest('[data-part=replace]') && ['undo', 'redo', 'confirm'].includes(command)) return;
    event.preventDefault();
    commands[command]();
  });
  wireTools(commands, player);
  wireFinish(saver);
  part('desk').hidden = false;
  document.querySelector('[data-without-script]').hidden = true;
  render();
  recover(saver, model, say, tell);
}
