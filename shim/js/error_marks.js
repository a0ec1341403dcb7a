// Marks on errors that the platform made: whose stack begins with the code of the error, `TypeError [CODE]: message`.

import { primordials } from "./primordials.js";

const { SafeWeakSet } = primordials;

const coded = new SafeWeakSet();

export const markCoded = (error) => {
    coded.add(error);
};

export const isCoded = (error) => coded.has(error);
