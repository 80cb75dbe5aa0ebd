// Files out of a folder, a list or a drop, with their paths; only what may be video or audio.
const MEDIA = /\.(mp4|m4v|mov|mkv|flv|wmv|avi|ts|mts|m2ts|rmvb|rm|mpg|mpeg|vob|3gp|webm|ogv|asf|mp3|m4a|wav|aac|flac|ogg|wma)$/i;
const HIDDEN = /(^|\/)(\.|~\$|__MACOSX\/|Thumbs\.db)/i;

/** As the server keeps paths: composed letters, no empty or dotted parts. */
export function cleanPath(path) {
  return path.normalize('NFC').replace(/\\/g, '/').split('/').filter((part) => part && part !== '.' && part !== '..').join('/');
}

export function fromInput(input) {
  return Array.from(input.files, (file) => ({ file, path: cleanPath(file.webkitRelativePath || file.name) }));
}

function readAll(reader) {
  return new Promise((resolve, reject) => {
    const found = [];
    const next = () => reader.readEntries((entries) => {
      if (!entries.length) resolve(found);
      else {
        found.push(...entries);
        next(); // browsers give a hundred at a time
      }
    }, reject);
    next();
  });
}

async function walk(entry, folder) {
  const path = folder ? `${folder}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: cleanPath(path) }];
  }
  const inside = await readAll(entry.createReader());
  return (await Promise.all(inside.map((each) => walk(each, path)))).flat();
}

/** What was dropped, folders with all that is in them. */
export async function fromDrop(transfer) {
  const entries = Array.from(transfer.items || [], (item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
  if (!entries.length) return Array.from(transfer.files, (file) => ({ file, path: cleanPath(file.name) }));
  return (await Promise.all(entries.map((entry) => walk(entry, '')))).flat();
}

/** Part media from everything else; what systems hide is not worth a word. */
export function sortOut(chosen) {
  const seen = chosen.filter((each) => !HIDDEN.test(each.path));
  return { media: seen.filter((each) => MEDIA.test(each.path)), others: seen.filter((each) => !MEDIA.test(each.path)) };
}
