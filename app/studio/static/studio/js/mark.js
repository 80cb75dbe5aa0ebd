// How a file is recognised on another computer: name, size, and what its first and last MiB hold.
const EDGE_BYTES = 1024 * 1024;

function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The mark of `file`; without WebCrypto (plain HTTP in a school network) the weaker one of this browser. */
export async function markOf(file) {
  if (!window.crypto || !window.crypto.subtle) {
    return [file.name, file.size, file.lastModified].join('|').slice(-200);
  }
  const head = `${file.name.normalize()}|${file.size}|`;
  const edges = new Blob([head, file.slice(0, EDGE_BYTES), file.slice(Math.max(0, file.size - EDGE_BYTES))]);
  return hex(await window.crypto.subtle.digest('SHA-256', await edges.arrayBuffer()));
}
