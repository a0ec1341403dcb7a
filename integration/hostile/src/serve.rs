//! The link's other side for a prober: a call's function is a deed's name, its payload the argument.
//!
//! The lines of its source are the paths of modules that it says to have compiled; `form` says what it was
//! given instead.

use skep_link::frame::{Bind, Code, Compiled, Encoding, ToDaemon, ToShim};
use skep_shim::{Payload, link::Link};

use crate::deeds;

pub struct Prober;

impl Payload for Prober {
    fn serve(&mut self, mut link: Link) {
        let mut body = Vec::new();
        let mut form = "";
        while link.receive(&mut body).is_ok() {
            let sent = match ToShim::decode(&body) {
                Ok(ToShim::Bind(bind)) => {
                    form = compile(&bind, &mut link);
                    link.send(&ToDaemon::Bound { functions: deeds::NAMES.to_vec() })
                }
                Ok(ToShim::Ping) => link.send(&ToDaemon::Pong),
                Ok(ToShim::Cancel) => Ok(()),
                Ok(ToShim::Invoke(call)) => {
                    let text = String::from_utf8_lossy(call.payload);
                    let answer = match call.function {
                        "form" => form.to_owned(),
                        function => deeds::run(function, &text, Some(&mut link)),
                    };
                    link.send(&ToDaemon::Reply {
                        dropped: 0,
                        spent: false,
                        encoding: Encoding::Bytes,
                        payload: answer.as_bytes(),
                    })
                }
                Err(_) => return,
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

fn compile(bind: &Bind<'_>, link: &mut Link) -> &'static str {
    let [module] = bind.modules.as_slice() else { return "several modules" };
    let source = match module.code {
        Code::Source(source) => source,
        Code::Compiled(b"bytecode") => return "bytecode",
        Code::Compiled(_) => return "bytecode of others",
    };
    let source = String::from_utf8_lossy(source);
    if !source.is_empty() {
        let modules = source.lines().map(|path| Compiled { path, bytecode: b"bytecode" });
        link.queue(&ToDaemon::Compiled { modules: modules.collect() });
    }
    "source"
}
