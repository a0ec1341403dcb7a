// The module that functions of VaaS import: decorators that say which methods can be called, and rpcInvote.

export { vaasFramework as default } from "../run/vaas.js";
