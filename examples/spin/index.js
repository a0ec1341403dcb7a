// Loops that never end by themselves. Only a deadline stops them.
export default function spin() {
  while (true);
}

// Gives way again and again, and never finishes.
export async function microtasks() {
  for (;;) await null;
}

// One built-in call that takes minutes, and in which the engine cannot be asked to stop.
export function native() {
  return [].join.call({ length: 2 ** 31 }, "").length;
}

// Ends at once: shows that the app goes on after its runaways.
export function rest() {
  return "rested";
}
