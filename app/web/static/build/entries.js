// Finds the build's entries: app/<capability>/static/<capability>/entry/*.{js,css}.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Maps each entry's file name ("player.js") to its path; templates ask for it by that name: asset('player.js'). */
export function findEntries(root) {
  const found = {};
  for (const capability of readdirSync(join(root, 'app'), { withFileTypes: true })) {
    const folder = join(root, 'app', capability.name, 'static', capability.name, 'entry');
    if (!capability.isDirectory() || !existsSync(folder)) continue;
    for (const file of readdirSync(folder).filter((name) => /\.(js|css)$/.test(name))) {
      const path = join(folder, file);
      if (found[file]) throw new Error(`Two entries are called ${file}: ${found[file]} and ${path}. Rename one.`);
      found[file] = path;
    }
  }
  return found;
}
