// When the heavy parts come: Plyr with the first playback, hls.js too, both a moment earlier if a finger comes near.

/** Loads Plyr once, and again only when loading failed. Answers a promise of the surface, or of null without it. */
export function surfaceLoader(element, onLoaded) {
  let loading = null;
  const load = async () => {
    const { Surface } = await import('./surface.js');
    const surface = new Surface(element);
    await surface.ready;
    onLoaded(surface);
    return surface;
  };
  return () => {
    loading = loading || load().catch(() => {
      loading = null; // no captions and no full screen this time, but the lecture plays
      return null;
    });
    return loading;
  };
}

/** Starts loading on the press, before the click that it becomes. */
export function warmUp(root, playback, prepare) {
  const start = () => {
    prepare();
    if (playback.engineKind === 'hls') import('./engine_hls.js').catch(() => null); // playback itself tries again
  };
  root.querySelectorAll('[data-player-toggle], [data-player-cover], [data-player-card]').forEach((part) => {
    part.addEventListener('pointerdown', start, { once: true, passive: true });
  });
}
