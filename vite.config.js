// Builds every front-end entry of every capability into app/web/static/dist, which Flask serves at /static/.
// How to add an entry or an icon: docs/design.md, "Assets".
import { defineConfig } from 'vite';

import { findEntries } from './app/web/static/build/entries.js';
import { iconSprite } from './app/web/static/build/sprite.js';
import { precompress } from './app/web/static/build/precompress.js';

export default defineConfig({
  root: import.meta.dirname,
  base: '/static/',
  publicDir: false, // every file goes through the build and gets a hashed name
  plugins: [iconSprite(), precompress()],
  build: {
    outDir: 'app/web/static/dist',
    emptyOutDir: true,
    manifest: 'manifest.json',
    // Phones of 2019 with a system WebView that was never updated.
    target: ['chrome70', 'safari13'],
    cssTarget: ['chrome70', 'safari13'],
    modulePreload: false, // its polyfill and injected links buy nothing for our tiny entries
    assetsInlineLimit: 0, // data: URLs would need a wider Content-Security-Policy
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700, // hls.js is that big; it loads when playback starts
    rollupOptions: {
      input: findEntries(import.meta.dirname),
      output: {
        entryFileNames: (chunk) => `${chunk.name.replace(/\.js$/, '')}-[hash].js`,
        chunkFileNames: 'chunk/[name]-[hash].js',
        assetFileNames: '[name]-[hash][extname]',
      },
    },
  },
});
