// A page of a lecture that is still being made: looks now and then whether it is done, says so, and hands on the finished set.

/** What the page would tell the player if it were opened now. */
async function readMedia() {
  const response = await fetch(window.location.href);
  if (!response.ok) throw new Error(String(response.status));
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  return JSON.parse(page.querySelector('[data-player-config]').textContent).media;
}

/** Calls `onDone(media)` once, when the lecture is whole. Nothing is asked while nobody looks at the page. */
export function followGrowth(media, everyS, onDone) {
  const box = document.querySelector('[data-player-growth]');
  if (!media.is_growing || !box) return;

  function say(state) {
    const words = box.dataset[state];
    const sentence = box.querySelector('p');
    if (words && sentence.textContent !== words) sentence.textContent = words;
  }

  async function look() {
    const response = await fetch(box.dataset.playerGrowth);
    if (!response.ok) throw new Error(String(response.status));
    const { state } = await response.json();
    if (state === 'ready') onDone(await readMedia());
    say(state);
    return state === 'ready';
  }

  async function follow() {
    let isDone = false;
    try {
      isDone = !document.hidden && (await look());
    } catch {
      // offline, or the library is restarting: what is shown stays, and we ask again
    }
    if (!isDone) window.setTimeout(follow, everyS * 1000);
  }

  window.setTimeout(follow, everyS * 1000);
}
