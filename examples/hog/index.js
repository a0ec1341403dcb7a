// Takes memory until something stops it. No catch saves it: the instance ends.
export default function hog() {
  const hoard = [];
  try {
    for (;;) hoard.push(new Array(1000).fill(1));
  } catch {
    return "still here";
  }
}

// All at once.
export function gulp() {
  try {
    return new Uint8Array(2147483647).fill(0).length;
  } catch {
    return "still here";
  }
}
