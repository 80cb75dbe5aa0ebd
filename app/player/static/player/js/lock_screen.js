// Title, picture and buttons on the phone's lock screen and on headsets.

/** Answers a function to call after every change; it offers the buttons once something has played. */
export function offerLockScreen(playback, media) {
  let isOffered = !('mediaSession' in navigator) || !('MediaMetadata' in window);
  return () => {
    if (isOffered || playback.state !== 'playing') return;
    isOffered = true;
    offer(playback, media);
  };
}

function offer(playback, media) {
  const artwork = media.poster_url ? [{ src: new URL(media.poster_url, document.baseURI).href }] : [];
  navigator.mediaSession.metadata = new window.MediaMetadata({ title: media.title, artwork });
  const actions = {
    play: () => playback.play(),
    pause: () => playback.pause(),
    seekbackward: () => playback.skip(-15),
    seekforward: () => playback.skip(15),
  };
  for (const [name, run] of Object.entries(actions)) {
    try {
      navigator.mediaSession.setActionHandler(name, run);
    } catch {
      // an older browser that does not know this button simply does not show it
    }
  }
}
