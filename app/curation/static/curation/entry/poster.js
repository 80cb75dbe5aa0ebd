// The print button; without JavaScript the page names the browser's own menu instead.
const button = document.querySelector('[data-print]');
button.hidden = false;
button.addEventListener('click', () => window.print());
