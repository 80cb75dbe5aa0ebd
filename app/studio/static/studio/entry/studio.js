// Keeps the state of one lecture's media and captions up to date while they move. The page is complete without it.
const EVERY_MS = 2000;
const AFTER_ERROR_MS = 10000;

const inner = (box) => box.firstElementChild;
const isLive = (box) => inner(box) && inner(box).dataset.live === 'yes';

function say(box) {
  const spoken = document.querySelector(`[data-live-spoken="${box.id}"]`);
  const words = inner(box).dataset.spoken.trim();
  if (spoken.textContent !== words) spoken.textContent = words;
}

async function refresh(box) {
  const before = inner(box).dataset.phase;
  const response = await fetch(box.dataset.liveUrl, { headers: { Accept: 'text/html' }, credentials: 'same-origin' });
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  const body = await response.text();
  // A button that has the focus must not vanish under the finger; the next turn brings the news.
  if (box.contains(document.activeElement)) return;
  box.innerHTML = body;
  say(box);
  // What else is on the page (publish, versions, facts) follows the end of the work that has phases.
  if (inner(box).dataset.phase !== before && !isLive(box) && !document.body.dataset.busy) window.location.reload();
}

async function watch(box) {
  let wait = EVERY_MS;
  try {
    if (document.visibilityState === 'visible') await refresh(box);
  } catch {
    wait = AFTER_ERROR_MS; // asleep, offline or signed out: what is shown stays, and we ask again
  }
  if (isLive(box)) window.setTimeout(watch, wait, box);
}

document.querySelectorAll('[data-live-url]').forEach((box) => {
  if (isLive(box)) window.setTimeout(watch, EVERY_MS, box);
});
