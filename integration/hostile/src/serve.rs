//! The link's other side for a prober: a call's function is a deed's name, its payload the argument.
//!
//! The lines of its source are paths of modules that it says to have compiled, each with what it gives as
//! their bytecode; `form` says what it was given itself.

use skep_link::frame::{Encoding, Form, Function, MadeForm, ToDaemon, ToShim};
use skep_shim::{Payload, link::Link};

use crate::deeds;

pub struct Prober {
    /// What came of the tries of a zygote that was taken over; empty for any other.
    pub report: String,
}

impl Payload for Prober {
    fn serve(&mut self, mut link: Link) {
        let mut body = Vec::new();
        let (mut form, mut source, mut bytecode) = (String::new(), Vec::new(), None::<Vec<u8>>);
        while link.receive(&mut body).is_ok() {
            let sent = match ToShim::decode(&body) {
                Ok(ToShim::Part(part)) => {
                    match part.form {
                        Form::Bytecode => {
                            bytecode.get_or_insert_default().extend_from_slice(part.bytes);
                        }
                        _ => source.extend_from_slice(part.bytes),
                    }
                    Ok(())
                }
                Ok(ToShim::Bind(bind)) => {
                    let wanted = 0 < bind.max_bytecode_bytes;
                    form = compile(&source, bytecode.as_deref(), wanted, &mut link);
                    link.send(&ToDaemon::Bound {
                        functions: deeds::NAMES.iter().map(|name| function(name)).collect(),
                        skipped: 0,
                        named: Vec::new(),
                        dropped: 0,
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
                        http: None,
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

fn function(name: &str) -> Function<'_> {
    Function { name, event: "", http: "" }
}

fn compile(source: &[u8], bytecode: Option<&[u8]>, wanted: bool, link: &mut Link) -> String {
    let source = match bytecode {
        None => String::from_utf8_lossy(source),
        Some(b"unasked") => "unasked".into(),
        Some(bytecode) => return format!("bytecode of {}", String::from_utf8_lossy(bytecode)),
    };
    let (times, lines) = match &*source {
        "never" => (0, ""),
        "twice" => (2, ""),
        "unasked" => (1, "index.js unasked"),
        lines => (usize::from(wanted), lines),
    };
    for _ in 0..times {
        for line in lines.lines() {
            let (path, code) = line.split_once(' ').unwrap_or((line, ""));
            link.queue(&ToDaemon::Made { form: MadeForm::Bytecode, path, bytes: code.as_bytes() });
        }
        link.queue(&ToDaemon::MadeAll);
    }
    "source".to_owned()
}
