// Help for who reviews: the time the player is at for a remark, two keys. The page is complete without it.
const form = document.querySelector('[data-remark]');
const media = document.querySelector('[data-player-media]');

function clock(timeS) {
  const seconds = Math.floor(timeS);
  const two = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function remark() {
  form.elements.at.value = clock(media.currentTime);
  media.pause();
  form.elements.words.focus();
}

function onKey(event) {
  const isTyping = event.target.closest('input:not([type=radio]), textarea, select');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'c') {
    event.preventDefault();
    remark();
  } else if (event.key === 'j') {
    const decision = document.querySelector('#decision input[type=radio]:checked, #decision input[type=radio]');
    if (!decision) return;
    event.preventDefault();
    decision.focus();
    decision.scrollIntoView({ block: 'center' });
  }
}

if (form && media) {
  const now = form.querySelector('[data-now]');
  now.hidden = false;
  now.addEventListener('click', remark);
  form.querySelector('[data-keys]').hidden = false;
  document.addEventListener('keydown', onKey);
}
