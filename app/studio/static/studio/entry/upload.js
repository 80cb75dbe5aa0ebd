// Upload pages: save the words of a lecture, then send its file. Used by "new lecture" and by the page of a lecture.
import { clearErrors, showErrors } from '../js/errors.js';
import { bindHabits } from '../js/habits_form.js';
import { findKnown, findUnfinished, useKnown } from '../js/known.js';
import { markOf } from '../js/mark.js';
import { makePanel } from '../js/panel.js';
import { makeSender } from '../js/sender.js';
import { data, sizeWords, words } from '../js/words.js';

const form = document.querySelector('form[data-uploads]');
const isNew = Boolean(data.create_url);

function warnBeforeLeaving(event) {
  event.preventDefault();
  event.returnValue = words('leave'); // browsers show a sentence of their own
}

function setBusy(busy) {
  if (busy) {
    document.body.dataset.busy = 'yes';
    window.addEventListener('beforeunload', warnBeforeLeaving);
  } else {
    delete document.body.dataset.busy;
    window.removeEventListener('beforeunload', warnBeforeLeaving);
  }
}

function faultOf(file) {
  if (!file) return words('choose_file');
  if (file.size === 0) return words('empty_file');
  if (file.size > data.max_bytes) return words('too_large', { limit: sizeWords(data.max_bytes) });
  return '';
}

function sentenceFor(status, sentence) {
  if (status === 0) return words('offline');
  if (status === 401) return words('sign_in_again');
  return sentence || words('failed');
}

/** True when the lecture got a file that is here already, and nothing is to be sent. */
async function tookKnown(panel, file, lecture) {
  panel.label(words('checking'));
  panel.state('done');
  const known = await findKnown(file, lecture, panel.progress);
  if (!known || !(await panel.offer(words('known', known.found)))) return false;
  try {
    window.location.assign(await useKnown(file, lecture, known.sha256));
    return true;
  } catch {
    return false; // sending it is always possible
  }
}

async function send(file, lecture, pageUrl) {
  const panel = makePanel();
  panel.open(file.name);
  const mark = await markOf(file);
  const isResumed = data.unfinished && data.unfinished.fingerprint === mark;
  // Whatever begins for a lecture takes the place of what was on its way for it: nobody loses that by a slip.
  if (data.unfinished && !isResumed && (await panel.keepsUnfinished(words('abandon', data.unfinished)))) {
    window.location.reload();
    return;
  }
  if (!isResumed && (await tookKnown(panel, file, lecture))) return;
  const sender = makeSender(file, lecture, mark, {
    onProgress(sent, total) {
      panel.problem('');
      panel.label(words('sending'));
      panel.progress(sent, total);
    },
    onRetry: () => panel.note(words('retrying')),
    onResumed: () => panel.note(words('resumed')),
    onNight: (isWaiting) => panel.label(words(isWaiting ? 'waiting_for_night' : 'sending')),
    onDone() {
      panel.progress(file.size, file.size);
      panel.label(words('finished'));
      panel.state('done');
      setBusy(false);
      window.location.assign(pageUrl);
    },
    onError(status, sentence) {
      panel.state('stopped');
      panel.label(words('paused'));
      panel.problem(sentenceFor(status, sentence));
    },
  });
  panel.onPause(() => {
    sender.pause();
    panel.label(words('paused'));
    panel.note('');
    panel.state('paused');
  });
  panel.onResume(() => {
    panel.problem('');
    panel.label(words('starting'));
    panel.state('sending');
    sender.resume();
  });
  bindHabits(sender.follow);
  panel.label(words('starting'));
  panel.state('sending');
  setBusy(true);
  sender.start();
}

async function save() {
  const response = await fetch(data.create_url, {
    method: 'POST',
    body: new FormData(form),
    headers: { Accept: 'application/json', 'X-CSRFToken': data.csrf_token },
    credentials: 'same-origin',
  });
  const answer = await response.json().catch(() => ({}));
  return { status: response.status, answer };
}

async function saveAndSend(file) {
  const button = form.querySelector('[type="submit"]');
  button.disabled = true;
  try {
    const elsewhere = await findUnfinished(await markOf(file));
    if (elsewhere && form.dataset.warned !== elsewhere.url) {
      form.dataset.warned = elsewhere.url; // a second press means: a new lecture all the same
      showErrors(form, { file: words('unfinished_elsewhere', elsewhere) }, words('fix_fields'));
      return;
    }
    const { status, answer } = await save();
    if (status !== 201) {
      const fields = answer.fields || { '': sentenceFor(status, answer.detail) };
      showErrors(form, fields, words('fix_fields'));
      return;
    }
    form.hidden = true;
    // From here on a reload shows the lecture, where the same file can be chosen again.
    window.history.replaceState(null, '', answer.page_url);
    send(file, answer.public_id, answer.page_url);
  } catch {
    showErrors(form, { '': words('offline') }, words('fix_fields'));
  } finally {
    button.disabled = false;
    delete form.dataset.sending;
  }
}

function fileFault(sentence) {
  if (isNew) {
    showErrors(form, { file: sentence }, words('fix_fields'));
    return;
  }
  const panel = makePanel();
  panel.open('');
  panel.state('done');
  panel.problem(sentence);
}

function submit(event) {
  const file = form.querySelector('[data-part="file"]').files[0];
  event.preventDefault();
  const fault = faultOf(file);
  if (fault) {
    fileFault(fault);
    return;
  }
  if (isNew) {
    clearErrors(form);
    saveAndSend(file);
    return;
  }
  form.closest('[data-part="media"]').hidden = true;
  send(file, data.lecture, window.location.pathname);
}

if (form) {
  for (const part of form.querySelectorAll('[data-needs-script]')) part.hidden = false;
  for (const part of form.querySelectorAll('[data-without-script]')) part.hidden = true;
  form.addEventListener('submit', submit);
}
