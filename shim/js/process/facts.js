// What `process` tells that never changes: names, versions, identities. Nothing of it is a fact of the host.

import { primordials } from "../primordials.js";

const { ObjectFreeze } = primordials;

/** The level of Node's interface that the modules here follow. */
export const VERSION = "v22.12.0";

export const versions = ObjectFreeze({
    node: "22.12.0", acorn: "8.14.0", ada: "2.9.2", ares: "1.34.3", brotli: "1.1.0", llhttp: "9.2.1", modules: "127",
    napi: "9", nghttp2: "1.64.0", openssl: "3.0.15+quic", quickjs: "0.16.2-ng", unicode: "16.0", uv: "1.49.1",
    v8: "12.4.254.21-node.21", zlib: "1.3.0.1",
});

export const release = { name: "node", lts: "Jod" };

export const features = {
    inspector: false, debug: false, uv: true, ipv6: true, tls_alpn: false, tls_sni: false, tls_ocsp: false, tls: false,
    cached_builtins: true, require_module: true, typescript: "transform",
};

export const config = {
    target_defaults: { cflags: [], default_configuration: "Release", defines: [], include_dirs: [], libraries: [] },
    variables: {
        host_arch: "x64", target_arch: "x64", napi_build_version: "9", node_shared: false, v8_enable_i18n_support: 0,
    },
};

export const USER_ID = 1000;
export const UMASK = 0o022;
