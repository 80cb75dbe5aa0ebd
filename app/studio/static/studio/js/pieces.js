// How large the next piece is: what the line carries in a few seconds, so that a cut costs little.
const MIB = 1024 * 1024;
const LEAST_BYTES = MIB;
const MOST_BYTES = 64 * MIB;
const FIRST_BYTES = 8 * MIB;
const PIECE_S = 8;

export function makePieceSize(capNow) {
  let bytes = FIRST_BYTES;
  let began = 0;
  const capped = () => {
    const cap = capNow();
    return cap ? Math.min(bytes, Math.max(LEAST_BYTES / 4, cap * 2)) : bytes;
  };
  return {
    now: capped,
    begins() {
      began = Date.now();
    },
    /** A piece of so many bytes arrived. */
    arrived(sent) {
      const seconds = Math.max(0.05, (Date.now() - began) / 1000);
      const wanted = (sent / seconds) * PIECE_S;
      // Half the way at once: one lucky piece is no fast line.
      bytes = Math.round(Math.min(MOST_BYTES, Math.max(LEAST_BYTES, (bytes + wanted) / 2)));
    },
    /** The line broke: begin small. */
    broke() {
      bytes = Math.max(LEAST_BYTES, Math.round(bytes / 2));
    },
  };
}
