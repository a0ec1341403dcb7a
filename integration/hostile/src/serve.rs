//! The link's other side for a prober: a call's function is a deed's name, its payload the argument.
//!
//! The lines of its source are paths of modules that it says to have compiled, each with what it gives as
//! their bytecode; `form` says what it was given itself.

use std::borrow::Cow;

use skep_link::frame::{Bind, Code, Compiled, Encoding, ToDaemon, ToShim};
use skep_shim::{Payload, link::Link};

use crate::deeds;

pub struct Prober {
    /// What came of the tries of a zygote that was taken over; empty for any other.
    pub report: String,
}

impl Payload for Prober {
    fn serve(&mut self, mut link: Link) {
        let mut body = Vec::new();
        let mut form = String::new();
        while link.receive(&mut body).is_ok() {
            let sent = match ToShim::decode(&body) {
                Ok(ToShim::Bind(bind)) => {
                    form = compile(&bind, &mut link);
                    link.send(&ToDaemon::Bound {
                        functions: deeds::NAMES.to_vec(),
                        skipped: 0,
                        named: Vec::new(),
                    })
                }
                Ok(ToShim::Ping) => link.send(&ToDaemon::Pong),
                Ok(ToShim::Cancel) => Ok(()),
                Ok(ToShim::Invoke(call)) => {
                    let text = String::from_utf8_lossy(call.payload);
                    let answer = match call.function {
                        "form" => form.clone(),
                        "report" => self.report.clone(),
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

fn compile(bind: &Bind<'_>, link: &mut Link) -> String {
    let [module] = bind.modules.as_slice() else { return "several modules".to_owned() };
    let source = match module.code {
        Code::Source(source) => String::from_utf8_lossy(source),
        Code::Compiled(b"unasked") => Cow::from("unasked"),
        Code::Compiled(bytecode) => {
            return format!("bytecode of {}", String::from_utf8_lossy(bytecode));
        }
    };
    let wanted = 0 < bind.max_bytecode_bytes;
    let (times, lines) = match &*source {
        "never" => (0, ""),
        "twice" => (2, ""),
        "unasked" => (1, "index.js unasked"),
        lines => (usize::from(wanted), lines),
    };
    for _ in 0..times {
        let modules = lines.lines().map(|line| {
            let (path, code) = line.split_once(' ').unwrap_or((line, ""));
            Compiled { path, bytecode: code.as_bytes() }
        });
        link.queue(&ToDaemon::Compiled { modules: modules.collect() });
    }
    "source".to_owned()
}
