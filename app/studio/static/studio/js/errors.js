// Shows the server's sentences beside their fields, as the server itself does without this script.
import { words } from './words.js';

function clear(form) {
  for (const old of form.querySelectorAll('[data-from-script]')) old.remove();
  for (const field of form.querySelectorAll('.field.has-error')) {
    field.classList.remove('has-error');
    for (const sentence of field.querySelectorAll('.field-error')) sentence.remove();
  }
  for (const control of form.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
  form.querySelector('[data-part="summary"]').textContent = '';
}

function element(tag, className, text = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  made.dataset.fromScript = 'yes';
  return made;
}

function mark(form, name, sentence) {
  const control = form.querySelector(`[id="${name}"]`);
  const field = control && control.closest('.field');
  if (!field) return null;
  field.classList.add('has-error');
  const error = element('p', 'field-error');
  error.id = `${name}-error`;
  const prefix = element('span', 'visually-hidden', words('wrong'));
  error.append(prefix, sentence);
  const label = field.querySelector('.field-label');
  label.after(error);
  if (control.matches('.input')) {
    control.setAttribute('aria-invalid', 'true');
    const described = (control.getAttribute('aria-describedby') || '').split(' ').filter((id) => id && id !== error.id);
    control.setAttribute('aria-describedby', [error.id, ...described].join(' '));
  }
  return control.id;
}

/** Show `fields` (name to sentence) and take the reader to a summary of them. */
export function showErrors(form, fields, title) {
  clear(form);
  const box = element('div', 'error-summary');
  box.setAttribute('role', 'alert');
  box.tabIndex = -1;
  const list = document.createElement('ul');
  for (const [name, sentence] of Object.entries(fields)) {
    const id = mark(form, name, sentence);
    const item = document.createElement('li');
    if (id) {
      const link = document.createElement('a');
      link.href = `#${id}`;
      link.textContent = sentence;
      item.append(link);
    } else {
      item.textContent = sentence;
    }
    list.append(item);
  }
  const heading = document.createElement('h2');
  heading.textContent = title;
  box.append(heading, list);
  form.querySelector('[data-part="summary"]').append(box);
  box.focus();
}

export const clearErrors = clear;
