// A first app: each export is a function that can be called.
import { greet } from "./lib/greet.js";

export default function hello(event, context) {
  console.log("greeting in", context.invocation);
  return { greeting: greet(event?.name) };
}

// skep invoke hello --function sum --data '[1, 2, 3]'
export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
