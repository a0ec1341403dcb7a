// Bare: the whole file is one function expression, called with `(event, context)`; by an HTTP-shaped call it gets the
// body as its event.

import { skep, skepByEvent } from "./skep.js";

export const bare = { event: skep.event, http: skepByEvent };
