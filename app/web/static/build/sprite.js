// Copies the icons named in app/web/static/web/icons/icons.json out of lucide-static, and our own drawings beside
// that file, into one SVG sprite. Templates use it through the icon() function. The favicon goes along, by its own name.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../web/icons');
const root = join(folder, '../../../../..');

function symbol(name, svg) {
  const viewBox = /viewBox="([^"]+)"/.exec(svg)[1];
  const body = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'));
  return `<symbol id="${name}" viewBox="${viewBox}">${body.replace(/<!--.*?-->/gs, '').replace(/\s+/g, ' ').trim()}</symbol>`;
}

export function buildSprite() {
  const names = JSON.parse(readFileSync(join(folder, 'icons.json'), 'utf8'));
  const symbols = names.map((name) => {
    const path = join(root, 'node_modules/lucide-static/icons', `${name}.svg`);
    if (!existsSync(path)) throw new Error(`icons.json names "${name}", which lucide does not have.`);
    return symbol(name, readFileSync(path, 'utf8'));
  });
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.svg'))) {
    symbols.push(symbol(file.replace('.svg', ''), readFileSync(join(folder, file), 'utf8')));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`;
}

export function iconSprite() {
  return {
    name: 'icon-sprite',
    buildStart() {
      this.addWatchFile(join(folder, 'icons.json'));
      this.emitFile({ type: 'asset', name: 'icons.svg', originalFileName: 'icons.svg', source: buildSprite() });
      const favicon = readFileSync(join(folder, '../favicon.svg'));
      this.emitFile({ type: 'asset', name: 'favicon.svg', originalFileName: 'favicon.svg', source: favicon });
    },
  };
}
