// SHA-256 of a file of any size, slice by slice, away from the page.
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';

const SLICE_BYTES = 4 * 1024 * 1024;

self.onmessage = async ({ data: file }) => {
  const digest = sha256.create();
  for (let at = 0; at < file.size; at += SLICE_BYTES) {
    const slice = await file.slice(at, at + SLICE_BYTES).arrayBuffer();
    digest.update(new Uint8Array(slice));
    self.postMessage({ done: Math.min(at + SLICE_BYTES, file.size) });
  }
  self.postMessage({ sha256: bytesToHex(digest.digest()) });
};
