// Keeps the state of one lecture's media up to date while they move. The page is complete without it.
const EVERY_MS = 2000;
const AFTER_ERROR_MS = 10000;

const box = document.getElementById('media-live');
const spoken = document.getElementById('media-spoken');

const inner = () => box.firstElementChild;
const isLive = () => inner() && inner().dataset.live === 'yes';

function say() {
  const words = inner().dataset.spoken.trim();
  if (spoken.textContent !== words) spoken.textContent = words;
}

async function refresh() {
  const before = inner().dataset.phase;
  const response = await fetch(box.dataset.url, { headers: { Accept: 'text/html' }, credentials: 'same-origin' });
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  // A button that has the focus must not vanish under the finger; the next turn brings the news.
  if (box.contains(document.activeElement)) return;
  box.innerHTML = await response.text();
  say();
  // What else is on the page (publish, versions, facts) follows the end of the work.
  if (inner().dataset.phase !== before && !isLive() && !document.body.dataset.busy) window.location.reload();
}

async function watch() {
  let wait = EVERY_MS;
  try {
    if (document.visibilityState === 'visible') await refresh();
  } catch {
    wait = AFTER_ERROR_MS; // asleep, offline or signed out: what is shown stays, and we ask again
  }
  if (isLive()) window.setTimeout(watch, wait);
}

if (box && isLive()) window.setTimeout(watch, EVERY_MS);
