//! Refusals are small and cheap whatever was sent, and every one has its reason.

use prost::Message as _;
use skep_integration::{
    host::{Host, refused},
    wire::{Answered, OPEN, Wire},
};
use skep_proto::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::NEIGHBOUR;

/// Bytes of all headers of a refusal.
const MOST: usize = 7 << 10;

const INVOKE: &str = "/skep.v1.Invocations/Invoke";
const DEPLOY: &str = "/skep.v1.Apps/Deploy";
const SET: &str = "/skep.v1.Quotas/Set";

fn ask(host: &Host, path: &str, message: &[u8]) -> Answered {
    host.block_on(async {
        let mut wire = Wire::open(host, 0, OPEN).await;
        let sent = wire.send(path, message).await.unwrap();
        skep_integration::wire::answered(sent.answer).await.unwrap()
    })
}

#[track_caller]
fn small(answer: &Answered, code: Code, reason: &str) {
    assert_eq!((answer.said().0, answer.said().1.as_str()), (code, reason), "{answer:?}");
    assert!(answer.header_bytes <= MOST, "{} bytes of headers", answer.header_bytes);
}

/// CPU time of the daemon, in hundredths of a second.
fn cpu(host: &Host) -> u64 {
    let daemon = host.daemon_process();
    daemon.stat(14).parse::<u64>().unwrap() + daemon.stat(15).parse::<u64>().unwrap()
}

/// A field that is so many bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    prost::encode_length_delimiter(bytes.len(), &mut field).unwrap();
    field.extend(bytes);
    field
}

#[test]
fn a_million_of_anything_is_refused_before_it_is_decoded() {
    let host = Host::new("");
    host.deploy("acme", "app", NEIGHBOUR, |_| ()).unwrap();
    let before = cpu(&host);
    let names = [field(1, b"acme"), field(2, b"app")].concat();
    // Files without anything, in a message as large as sources may be.
    let files = [names.clone(), [0x1a, 0].repeat(2_000_000)].concat();
    small(&ask(&host, DEPLOY, &files), Code::InvalidArgument, "BAD_FIELD");
    // Names inside of one file, each instead of the one before.
    let inside = [names.clone(), field(3, &[0x0a, 0].repeat(1_000_000))].concat();
    small(&ask(&host, DEPLOY, &inside), Code::InvalidArgument, "BAD_FIELD");
    let tenants = [0x0a, 0].repeat(500_000);
    small(&ask(&host, INVOKE, &tenants), Code::InvalidArgument, "BAD_FIELD");
    // Unknown metrics, packed.
    let metrics = [names.clone(), field(5, &[77].repeat(1_000_000))].concat();
    small(&ask(&host, SET, &metrics), Code::ResourceExhausted, "TOO_LARGE");
    let metrics = [names, field(5, &[77].repeat(4000))].concat();
    let answer = ask(&host, SET, &metrics);
    small(&answer, Code::InvalidArgument, "BAD_FIELD");
    assert!(answer.status.message().contains("has 4000 metrics, at most 5"), "{answer:?}");
    let spent = cpu(&host) - before;
    assert!(spent < 100, "the daemon spent {spent} hundredths of a second");
    assert_eq!(host.reply("app", "", "1"), "2");
}

#[test]
fn bad_files_are_named_a_few_of_them_and_the_client_keeps_its_connection() {
    let host = Host::new("");
    let request = |names: &[String]| v1::DeployRequest {
        tenant: "acme".into(),
        app: "app".into(),
        files: names
            .iter()
            .map(|path| v1::SourceFile { path: path.clone(), ..v1::SourceFile::default() })
            .collect(),
        ..v1::DeployRequest::default()
    };
    host.block_on(async {
        let mut wire = Wire::open(&host, 0, OPEN).await;
        for name in ["../x", "\u{7}", "\0", &"n".repeat(4000)] {
            let names: Vec<String> = (0..500).map(|at| format!("{name}{at}")).collect();
            let answer = wire.ask(DEPLOY, &request(&names)).await;
            small(&answer, Code::InvalidArgument, "BAD_FIELD");
            let fields = answer.status.get_details_bad_request().unwrap().field_violations;
            assert_eq!(fields[0].field, "files[0].path");
            assert!(fields.len() <= 8, "{}", fields.len());
            let message = answer.status.message();
            assert!(message.contains(" more"), "{message}");
        }
        let answer = wire.ask(DEPLOY, &request(&["lib/../x.js".to_owned()])).await;
        let message = answer.status.message();
        assert!(message.contains("files[0].path: \"lib/../x.js\": "), "{message}");
        assert!(!wire.has_ended());
    });
}

#[test]
fn a_thrown_file_name_of_a_mebibyte_comes_back_cut() {
    let host = Host::new("");
    let source = "const error = new Error('m'.repeat(1 << 20)); error.fileName = 'f'.repeat(1 << 20);\
                  error.name = '\u{e9}'.repeat(1 << 19); throw error;";
    let request = Host::deploy_request("acme", "app", source).encode_to_vec();
    small(&ask(&host, DEPLOY, &request), Code::InvalidArgument, "BAD_SOURCE");
}

#[test]
fn what_is_no_message_of_ours_is_refused_with_a_reason() {
    let host = Host::new("");
    // Not protobuf; protobuf of another type; text that is not UTF-8.
    for message in [&b"\xff\xff\xff"[..], &[0x08, 1], &[0x0a, 1, 0xff]] {
        small(&ask(&host, INVOKE, message), Code::InvalidArgument, "BAD_FIELD");
    }
    small(&ask(&host, "/skep.v1.Apps/Nothing", b""), Code::Unimplemented, "UNIMPLEMENTED");
    small(&ask(&host, "/nothing", b""), Code::Unimplemented, "UNIMPLEMENTED");
    let long = format!("/skep.v1.Apps/{}", "n".repeat(7000));
    small(&ask(&host, &long, b""), Code::Unimplemented, "UNIMPLEMENTED");
    // Compressed, which is not understood; the name of the method comes back with the refusal.
    let answer = host.block_on(async {
        let mut wire = Wire::open(&host, 0, OPEN).await;
        let encoding = "g".repeat(7000);
        let headers = [("grpc-encoding", encoding.as_str())];
        let sent = wire.begin(INVOKE, &headers, 0, b"", true).await.unwrap();
        skep_integration::wire::answered(sent.answer).await.unwrap()
    });
    small(&answer, Code::Unimplemented, "UNIMPLEMENTED");
    refused(host.invoke("app", "", "1"), Code::NotFound, "NOT_FOUND");
}
