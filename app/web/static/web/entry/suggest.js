// Completes what is typed into search forms: the combobox of WAI-ARIA 1.2 with a list below it. Loaded by base.js when a
// box is first used; without it the form is a form. Words of the list stand on the form as data-…, in the reader's language.
const WAIT_MS = 140;
const KEPT = 60;
let made = 0;

function element(tag, attributes, text) {
  const fresh = document.createElement(tag);
  for (const name of Object.keys(attributes)) fresh.setAttribute(name, attributes[name]);
  if (text) fresh.textContent = text;
  return fresh;
}

function suggestIn(form) {
  const input = form.querySelector('input[name="q"]');
  const words = form.dataset;
  made += 1;
  const id = `suggest-${made}`;
  const list = element('ul', { role: 'listbox', id, class: 'suggestions', 'aria-label': words.label });
  const said = element('p', { role: 'status', class: 'visually-hidden' });
  list.hidden = true;
  form.after(list, said);

  const cache = new Map();
  let options = [];
  let current = -1;
  let typed = input.value;
  let timer = 0;
  let isComposing = false;
  let asking = null;

  for (const [name, value] of [['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false'], ['aria-controls', id]]) input.setAttribute(name, value);

  function close() {
    clearTimeout(timer);
    if (asking) asking.abort();
    asking = null;
    list.hidden = true;
    current = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  function mark(number) {
    if (current >= 0) options[current].setAttribute('aria-selected', 'false');
    current = number;
    if (number < 0) {
      input.removeAttribute('aria-activedescendant');
      input.value = typed;
      return;
    }
    const option = options[number];
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.id);
    input.value = option.dataset.text;
  }

  function place() {
    // Below the box whatever is beside it; never wider than the screen.
    list.style.top = `${form.offsetTop + form.offsetHeight}px`;
    list.style.left = `${form.offsetLeft}px`;
    list.style.width = `${form.offsetWidth}px`;
  }

  function show(found) {
    current = -1;
    input.removeAttribute('aria-activedescendant');
    const shown = document.documentElement.dataset.mode === 'elder' ? found.slice(0, 5) : found;
    list.textContent = '';
    if (shown.length && !typed.trim()) list.append(element('li', { role: 'presentation', class: 'suggestions-head' }, words.asked));
    options = shown.map(({ text, kind }, number) => {
      const option = element('li', { role: 'option', id: `${id}-${number}`, 'aria-selected': 'false', 'data-text': text });
      option.append(element('span', { class: 'suggestion-text' }, text));
      if (words[kind] && typed.trim()) option.append(element('span', { class: 'suggestion-kind' }, words[kind]));
      return option;
    });
    list.append(...options);
    list.hidden = !options.length;
    input.setAttribute('aria-expanded', String(!list.hidden));
    said.textContent = options.length ? words.count.replace('#', options.length) : '';
    if (options.length) place();
  }

  async function ask() {
    if (isComposing || document.activeElement !== input) return;
    const wanted = typed.trim();
    if (asking) asking.abort();
    asking = null;
    if (!cache.has(wanted)) {
      asking = new AbortController();
      const { signal } = asking;
      try {
        const answer = await fetch(`${words.suggest}?q=${encodeURIComponent(wanted)}`, { signal, headers: { Accept: 'application/json' } });
        if (!answer.ok) return;
        if (cache.size >= KEPT) cache.clear();
        cache.set(wanted, await answer.json());
      } catch (error) {
        return; // typed on, or off line: the form works without
      }
      if (signal.aborted) return;
    }
    if (wanted === typed.trim()) show(cache.get(wanted));
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  }

  function take(option) {
    input.value = option.dataset.text;
    close();
    form.submit();
  }

  input.addEventListener('compositionstart', () => { isComposing = true; clearTimeout(timer); if (asking) asking.abort(); });
  input.addEventListener('compositionend', () => { isComposing = false; typed = input.value; later(); });
  input.addEventListener('input', (event) => {
    if (isComposing || event.isComposing) return;
    typed = input.value;
    later();
  });
  input.addEventListener('focus', later);
  input.addEventListener('click', () => { if (list.hidden) later(); });
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (isComposing || event.isComposing || event.keyCode === 229) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) { ask(); return; }
      // The typed text is one of the places, between the last option and the first.
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const places = options.length + 1;
      mark(((current + 1 + step + places) % places) - 1);
    } else if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      mark(-1);
      close();
    } else if (event.key === 'Enter' && current >= 0) {
      event.preventDefault();
      take(options[current]);
    }
  });
  list.addEventListener('mousedown', (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[role="option"]');
    if (option) take(option);
  });
  form.addEventListener('submit', close);
  window.addEventListener('resize', () => { if (!list.hidden) place(); });
  if (document.activeElement === input) later();
}

document.querySelectorAll('form[data-suggest]').forEach(suggestIn);
