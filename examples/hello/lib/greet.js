// Imports are relative, with the file's full name.
export function greet(name = "world") {
  return `hello, ${name}`;
}
