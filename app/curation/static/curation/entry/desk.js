// Spares the desk its reloads: buttons swap only what changed, notes save themselves, rows can be dragged, search answers
// while one types. Every form works without this file, and anything unexpected falls back to sending it the plain way.
import Sortable from 'sortablejs';

const said = document.querySelector('[data-said]');
const columns = document.querySelector('.desk-columns');
// One request at a time: each answer carries the version the next one needs.
let queue = Promise.resolve();

const region = (root, name) => root.querySelector(`[data-region="${name}"]`);
const versionIn = (root) => root.querySelector('input[name="version"]').value;

function say(words) {
  said.textContent = '';
  setTimeout(() => { said.textContent = words; }, 50);
}

function useVersion(version) {
  for (const input of document.querySelectorAll('input[name="version"]')) input.value = version;
}

// Notes that are being written survive a swap of the list around them.
function unsavedNotes() {
  const notes = new Map();
  for (const area of document.querySelectorAll('[data-note] textarea')) {
    if (area.value !== area.defaultValue) notes.set(area.id, area.value);
  }
  return notes;
}

function swap(page, names) {
  const notes = unsavedNotes();
  const place = window.scrollY;
  for (const name of names) {
    const fresh = region(page, name);
    if (fresh) region(document, name).replaceWith(document.importNode(fresh, true));
  }
  for (const [id, words] of notes) {
    const area = document.getElementById(id);
    if (!area) continue;
    area.value = words;
    area.closest('details').open = true;
  }
  useVersion(versionIn(page));
  makeSortable();
  window.scrollTo(window.scrollX, place);
}

async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form));
  if (submitter && submitter.name) body.set(submitter.name, submitter.value);
  body.set('version', versionIn(document)); // the list may have been swapped while this form waited its turn
  const address = new URL(form.action);
  address.search = window.location.search; // the search may have changed since the form was drawn
  const response = await fetch(address, { method: 'POST', body, headers: { Accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  if (!response.ok || !region(page, 'order')) throw new Error(`the desk answered ${response.status}`);
  return page;
}

// When something went wrong the server has the words for it: send the form as if this script were not there.
function sendPlainly(form, submitter) {
  if (!form.isConnected) {
    form.hidden = true;
    document.body.append(form);
  }
  form.removeAttribute('data-swap');
  form.removeAttribute('data-note');
  if (submitter && submitter.name) {
    const field = document.createElement('input');
    Object.assign(field, { type: 'hidden', name: submitter.name, value: submitter.value });
    form.append(field);
  }
  HTMLFormElement.prototype.submit.call(form);
}

function focusAgain(form, submitter) {
  const item = form.closest('.desk-row');
  const row = item && document.getElementById(item.id);
  const again = row && submitter && submitter.name && row.querySelector(`button[name="to"][value="${submitter.value}"]:not(:disabled)`);
  const target = again || (row && row.querySelector('button:not(:disabled)')) || document.querySelector('.desk-removed button') || document.getElementById('desk-search');
  if (target) target.focus({ preventScroll: true });
}

function change(form, submitter) {
  queue = queue.then(async () => {
    columns.dataset.busy = 'yes';
    try {
      const page = await send(form, submitter);
      swap(page, ['head', 'find', 'order']);
      focusAgain(form, submitter);
      say(form.dataset.says);
    } catch {
      sendPlainly(form, submitter);
    } finally {
      delete columns.dataset.busy;
    }
  });
}

function saveNote(id) {
  queue = queue.then(async () => {
    const area = document.getElementById(id); // looked up now: an earlier turn may have swapped the list
    if (!area || area.value === area.defaultValue) return;
    const words = area.value;
    const { form } = area;
    try {
      const page = await send(form);
      useVersion(versionIn(page));
      area.defaultValue = words;
      const row = area.closest('.desk-row');
      row.querySelector('summary').replaceWith(document.importNode(page.querySelector(`#${row.id} summary`), true));
      form.querySelector('[data-saved]').textContent = form.dataset.says;
      say(form.dataset.says);
    } catch {
      sendPlainly(form);
    }
  });
}

function makeSortable() {
  const list = document.querySelector('[data-sortable]');
  if (!list) return;
  list.classList.add('has-drag');
  Sortable.create(list, {
    handle: '.desk-handle',
    animation: 120,
    ghostClass: 'is-lifted',
    onEnd(event) {
      if (event.oldIndex === event.newIndex) return;
      change(event.item.querySelector('[data-move]'), { name: 'to', value: String(event.newIndex + 1) });
    },
  });
}

let typing = 0;
async function find(form) {
  const address = new URL(form.action);
  address.hash = '';
  address.search = new URLSearchParams(new FormData(form)).toString();
  const asked = ++typing;
  const response = await fetch(address, { headers: { Accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = region(page, 'find');
  if (asked !== typing || !response.ok || !fresh) return;
  history.replaceState(null, '', address);
  const input = document.getElementById('desk-search');
  const [start, end] = [input.selectionStart, input.selectionEnd];
  const hadFocus = document.activeElement === input;
  const words = input.value;
  region(document, 'find').replaceWith(document.importNode(fresh, true));
  const next = document.getElementById('desk-search');
  next.value = words;
  if (hadFocus) {
    next.focus({ preventScroll: true });
    next.setSelectionRange(start, end);
  }
  const count = document.getElementById('found-count');
  if (count) say(count.textContent);
}

let pause;
columns.addEventListener('input', (event) => {
  const form = event.target.closest('[data-find]');
  // While an input method composes Chinese, the letters on the way are no words yet.
  if (!form || event.isComposing) return;
  clearTimeout(pause);
  pause = setTimeout(() => find(form), 350);
});
columns.addEventListener('compositionend', (event) => {
  const form = event.target.closest('[data-find]');
  if (form) find(form);
});

// In the capture phase: the shell marks forms as sent, which must not happen to forms that are sent by us.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.matches('[data-find]')) {
    event.preventDefault();
    clearTimeout(pause);
    find(form);
  } else if (form.matches('[data-swap]')) {
    event.preventDefault();
    change(form, event.submitter);
  } else if (form.matches('[data-note]')) {
    event.preventDefault();
    saveNote(form.querySelector('textarea').id);
  }
}, true);

document.addEventListener('focusout', (event) => {
  if (event.target.matches('[data-note] textarea')) saveNote(event.target.id);
});

makeSortable();
