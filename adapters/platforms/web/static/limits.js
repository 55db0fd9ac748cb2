// What the server takes, as it says itself.

export const limits = { most_bytes: Infinity, most_photos: 10, most_text: Infinity };

export function megabytes(bytes) {
  return Math.floor(bytes / 1024 / 1024);
}
