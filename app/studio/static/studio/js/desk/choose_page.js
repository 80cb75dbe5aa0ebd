// Choosing files for a new batch: what was chosen, which course, one request, then the page of the batch in its place.
import { data, sizeWords } from '../words.js';
import { startBatch } from './batch_page.js';
import { fromDrop, fromInput, sortOut } from './files.js';
import { readDesk, say } from './words.js';

const NAMES_SHOWN = 3;

export function startChoosing(form) {
  const desk = readDesk();
  const part = (name) => form.querySelector(`[data-part="${name}"]`);
  let chosen = [];

  function problem(text) {
    part('problem').hidden = !text;
    part('problem-text').textContent = text;
    if (text) part('problem').focus();
  }

  function take(found) {
    const { media, others } = sortOut(found);
    chosen = media;
    problem(media.length ? '' : say('none_chosen'));
    const limit = Number(form.dataset.filesMax);
    if (media.length > limit) problem(say('too_many', { limit, count: media.length }));
    const bytes = media.reduce((sum, each) => sum + each.file.size, 0);
    const words = media.length ? [say('chosen', { count: media.length, size: sizeWords(bytes) })] : [];
    if (others.length) {
      const names = others.slice(0, NAMES_SHOWN).map((each) => each.path.split('/').pop()).join('、');
      words.push(say('skipped', { count: others.length, names }));
    }
    part('chosen').textContent = words.join(' ');
    part('next').hidden = !media.length || media.length > limit;
    const top = media.length && media[0].path.includes('/') ? media[0].path.split('/')[0] : '';
    if (top && !form.elements.new_course.value) form.elements.new_course.value = top;
    if (media.length) part('create').focus();
  }

  function showCourses() {
    const institution = form.elements.institution.value;
    const select = form.elements.course;
    for (const option of select.options) option.hidden = option.dataset.institution !== institution;
    if (select.selectedOptions[0] && select.selectedOptions[0].hidden) select.value = '';
    const choice = form.elements.choice.value;
    part('new-course').hidden = choice !== 'new';
    part('old-course').hidden = choice !== 'existing';
  }

  async function create(event) {
    event.preventDefault();
    const choice = form.elements.choice.value;
    const course = { new: form.elements.new_course.value, existing: form.elements.course.value }[choice] || '';
    part('create').disabled = true;
    part('creating').textContent = say('creating');
    try {
      const response = await fetch(desk.create_url, {
        method: 'POST',
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': data.csrf_token },
        body: JSON.stringify({
          key: desk.key, institution: form.elements.institution.value, choice, course,
          files: chosen.map(({ file, path }) => ({ path, size: file.size })),
        }),
      });
      const answer = await response.json().catch(() => ({}));
      if (response.status !== 201) {
        problem(Object.values(answer.fields || {})[0] || answer.detail || say('failed'));
        return;
      }
      await open(answer.page_url);
    } catch {
      problem(say('failed'));
    } finally {
      part('create').disabled = false;
      part('creating').textContent = '';
    }
  }

  /** Put the batch's page in place of this one: a new page would have lost the files. */
  async function open(address) {
    const response = await fetch(address, { credentials: 'same-origin' });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const main = document.importNode(page.querySelector('main'), true);
    document.querySelector('main').replaceWith(main);
    document.title = page.title;
    window.history.replaceState(null, '', address);
    window.scrollTo(0, 0);
    startBatch(chosen);
    main.focus({ preventScroll: true });
  }

  for (const input of form.querySelectorAll('[data-files]')) {
    input.addEventListener('change', () => input.files.length && take(fromInput(input)));
  }
  const zone = part('zone');
  for (const name of ['dragover', 'dragleave', 'drop']) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle('is-over', name === 'dragover');
    });
  }
  zone.addEventListener('drop', async (event) => take(await fromDrop(event.dataTransfer)));
  form.addEventListener('change', showCourses);
  form.addEventListener('submit', create);
  for (const each of document.querySelectorAll('[data-needs-script]')) each.hidden = false;
  for (const each of document.querySelectorAll('[data-without-script]')) each.hidden = true;
  showCourses();
}
