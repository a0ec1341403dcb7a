//! The link's other side for a prober: a call's function is a deed's name, its payload the argument.

use skep_link::frame::{Encoding, ToDaemon, ToShim};
use skep_shim::{Payload, link::Link};

use crate::deeds;

pub struct Prober;

impl Payload for Prober {
    fn serve(&mut self, mut link: Link) {
        let mut body = Vec::new();
        while link.receive(&mut body).is_ok() {
            let sent = match ToShim::decode(&body) {
                Ok(ToShim::Bind(_)) => {
                    link.send(&ToDaemon::Bound { functions: deeds::NAMES.to_vec() })
                }
                Ok(ToShim::Ping) => link.send(&ToDaemon::Pong),
                Ok(ToShim::Cancel) => Ok(()),
                Ok(ToShim::Invoke(call)) => {
                    let text = String::from_utf8_lossy(call.payload);
                    let answer = deeds::run(call.function, &text, Some(&mut link));
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
