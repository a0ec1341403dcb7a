// The functions in Rust: for bytes and numbers, which scripts are slow at, and for what only the process can do. They
// are handed over by a property of the global object that is gone before any code of an app runs.

const { natives } = globalThis;
delete globalThis.natives;

export default natives;
