//! Classes of objects, promises, proxies; names of hosts.

use super::Sandbox;

#[test]
fn objects_have_the_class_of_the_engine() {
    let sandbox = Sandbox::new();
    sandbox.check("n.objectClass(Object.setPrototypeOf(new RangeError(), null))", "1");
    sandbox.check(
        "[true, 0, '', Symbol(), 0n].map((value) => n.objectClass(Object(value)))",
        "2,3,4,5,6",
    );
    sandbox.check("(function () { return n.objectClass(arguments); })(1)", "7");
    sandbox.check("(function () { 'use strict'; return n.objectClass(arguments); })(1)", "7");
    sandbox.check("[new Date(), /a/, new Map(), new Set()].map(n.objectClass)", "8,9,10,11");
    sandbox.check("[new WeakMap(), new WeakSet(), new WeakRef({})].map(n.objectClass)", "12,13,14");
    sandbox
        .check("[new Map().entries(), new Set()[Symbol.iterator]()].map(n.objectClass)", "15,16");
    sandbox.check("n.objectClass((function* () {})())", "18");
    sandbox.check("n.objectClass((async function* () {})())", "19");
    sandbox.check("n.objectClass((async () => {})())", "20");
    sandbox.check("n.objectClass(new Proxy(() => {}, {}))", "21");
    sandbox.check("[new ArrayBuffer(1), new SharedArrayBuffer(1)].map(n.objectClass)", "23,24");
    sandbox.check("n.objectClass(new DataView(new ArrayBuffer(1)))", "25");
    sandbox.check(
        "[new Uint8ClampedArray(), new Float16Array(), new BigInt64Array()].map(n.objectClass)",
        "26,26,26",
    );
    sandbox.check(
        "[function* () {}, async function () {}, async function* () {}].map(n.objectClass)",
        "27,28,29",
    );
    sandbox.check("n.objectClass(new FinalizationRegistry(() => {}))", "30");
    sandbox.check("n.objectClass(n.hashCreate('MD5'))", "31");
    sandbox.check("[{}, [], () => {}, class {}, n.hashCreate, null, undefined, 1, 'a', 1n].map(n.objectClass)", "0,0,0,0,0,0,0,0,0,0");
}

#[test]
fn a_namespace_of_a_module_has_its_class() {
    let sandbox = Sandbox::new();
    let found = sandbox.context.with(|ctx| {
        let module = rquickjs::Module::declare(ctx.clone(), "m", "export const a = 1;").unwrap();
        let (module, _) = module.eval().unwrap();
        ctx.globals().set("space", module.namespace().unwrap()).unwrap();
        ctx.eval::<i32, _>("n.objectClass(space)").unwrap()
    });
    assert_eq!(found, 22);
}

#[test]
fn promises_tell_their_state() {
    let sandbox = Sandbox::new();
    sandbox.check("JSON.stringify(n.promiseState(new Promise(() => {})))", "[0,null]");
    sandbox.check("n.promiseState(Promise.resolve(5))", "1,5");
    sandbox.check("n.promiseState(Promise.reject('no'))", "2,no");
    sandbox.check("n.promiseState({ then() {} })", "TypeError");
    sandbox.run(
        "Object.defineProperty(Array.prototype, '0', { set() { throw 1; }, configurable: true });",
    );
    sandbox.check("n.promiseState(Promise.resolve(5))", "1,5");
}

#[test]
fn proxies_tell_their_parts() {
    let sandbox = Sandbox::new();
    sandbox.run("const trap = () => { throw new Error('a trap ran'); };");
    sandbox
        .run("const [target, handler] = [{}, { get: trap, ownKeys: trap, getPrototypeOf: trap }];");
    sandbox.check("n.proxyParts(new Proxy(target, handler))[0] === target", "true");
    sandbox.check("n.proxyParts(new Proxy(target, handler))[1] === handler", "true");
    sandbox.run("const { proxy, revoke } = Proxy.revocable({}, {}); revoke();");
    sandbox.check("JSON.stringify(n.proxyParts(proxy))", "[null,null]");
    sandbox.check("n.proxyParts({})", "TypeError");
}

#[test]
fn domains_become_ascii_and_unicode() {
    let sandbox = Sandbox::new();
    sandbox.check("n.domainToASCII('B\\u00fccher.example')", "xn--bcher-kva.example");
    sandbox.check("n.domainToASCII('fa\\u00df.de')", "xn--fa-hia.de");
    sandbox.check("n.domainToASCII('\\u2603.com')", "xn--n3h.com");
    sandbox.check("n.domainToASCII('a\\u3002\\u00e4')", "a.xn--4ca");
    sandbox.check("n.domainToASCII('\\u00e4 <\\uff0f')", "xn-- </-pla");
    sandbox.check("n.domainToASCII('a\\u200cb')", "null");
    sandbox.check("n.domainToASCII('\\u05d0a.\\u00e4')", "null");
    sandbox.check("n.domainToASCII('xn--a.\\u00e4')", "null");
    sandbox.check("n.domainToASCII('\\u00ad')", "");
    sandbox.check("n.domainToUnicode('xn--bcher-kva.example')", "b\u{fc}cher.example");
    sandbox.check("n.domainToUnicode('XN--N3H.com')", "\u{2603}.com");
    sandbox.check("typeof n.domainToUnicode('xn--a.xn--4ca')", "string");
    sandbox.check("n.domainToASCII('\\u00e4'.repeat(65536))", "null");
    sandbox.check("n.domainToASCII('\\u20ac'.repeat(65537))", "RangeError");
}
