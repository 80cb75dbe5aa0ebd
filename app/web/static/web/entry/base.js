// Small comforts that every page may live without: menus that close, dialogs in place of confirm pages, one submit
// per click, and a look at new settings before they are saved.

function closeMenus(except) {
  for (const menu of document.querySelectorAll('details.more-menu[open]')) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener('click', (event) => {
  const target = event.target.closest ? event.target : event.target.parentElement;
  closeMenus(target.closest('details.more-menu'));

  const opener = target.closest('[data-opens]');
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog && dialog.showModal) {
    event.preventDefault();
    dialog.showModal();
  }
  const closer = target.closest('[data-closes]');
  if (closer) document.getElementById(closer.dataset.closes).close();
});

document.addEventListener('keydown', (event) => {
  const menu = event.key === 'Escape' && event.target.closest('details.more-menu');
  if (menu) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});

// A second click on a slow network must not send a form twice.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post' || event.defaultPrevented) return;
  if (form.dataset.sending) event.preventDefault();
  form.dataset.sending = 'yes';
});
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sending]')) delete form.dataset.sending;
});

const summary = document.querySelector('[data-focus-me]');
if (summary) summary.focus();

const preview = document.querySelector('form[data-preview]');
if (preview) {
  const show = () => {
    const { dataset } = document.documentElement;
    for (const [name, value] of new FormData(preview)) {
      if (name === 'theme' || name === 'mode') dataset[name] = value;
      if (name === 'text_size') dataset.textSize = value;
    }
  };
  preview.addEventListener('change', show);
}

// Suggestions come with the first touch of the search box: a page that is only read does not pay for them. The address
// stands on the form, or the build would add its helper for imports, a request, to every page.
const box = document.querySelector('form[data-suggest]');
if (box) {
  const load = () => import(/* @vite-ignore */ box.dataset.script).catch(() => {});
  if (box.contains(document.activeElement)) load();
  else box.addEventListener('focusin', load, { once: true });
}
