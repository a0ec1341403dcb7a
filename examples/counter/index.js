// An instance keeps its modules between calls, so this counts. But it may end at any time, and there
// may be several: keep what matters elsewhere.
let calls = 0;

export default function count() {
  calls += 1;
  return { calls };
}

// Waits a little: `context.remainingMs()` says how long the call may still take.
export async function later(event, context) {
  const wait = Math.min(event?.ms ?? 100, context.remainingMs() / 2);
  await new Promise((resolve) => setTimeout(resolve, wait));
  return count();
}
