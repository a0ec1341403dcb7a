// The working directory that relative paths begin at: that of `process`, which makes itself known here.

let working = () => "/app";

/** Says who knows the working directory: a function that gives an absolute path. */
export const setWorkingDirectory = (function_) => {
    working = function_;
};

export const currentDirectory = () => working();
