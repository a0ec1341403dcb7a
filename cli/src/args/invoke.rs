//! The arguments of `skep invoke`.

use std::path::PathBuf;

use clap::{Args, builder::NonEmptyStringValueParser as Name};

use super::deploy::Unseen;
use crate::{
    names,
    units::{Millis, above_zero},
};

/// Arguments of `skep invoke`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skep invoke hello --data '{\"name\":\"world\"}'
  skep invoke images --function resize --bytes --data-file in.png --timeout 5s > out.png
  skep invoke shop --http /items?page=2
  skep invoke shop --http 'POST /items' --header 'content-type: application/json' \\
      --data '{\"name\":\"pen\"}' --include --fail

The reply goes to standard output and nothing else does: with --http the body of the answer, byte
for byte. What the function wrote with console.log is kept by skepd: skep logs APP.

With --http, --data and --data-file are the body as it is: it need not be JSON, and no content-type
is added. Status 400 and more is an answer as any other, but with --fail.")]
pub(crate) struct Invoke {
    /// The app
    #[arg(value_parser = names::label)]
    pub(crate) app: String,

    /// The function, by its name [default: default, else fetch, handler, main, else the only one]
    #[arg(long, value_name = "NAME", value_parser = names::function)]
    pub(crate) function: Option<String>,

    /// Call it as HTTP does: 'METHOD /path', or a path alone for GET
    #[arg(long, value_name = "REQUEST", value_parser = Name::new(), conflicts_with = "bytes")]
    pub(crate) http: Option<String>,

    /// A header of the HTTP call; may be repeated
    #[arg(long, value_name = "NAME:VALUE", requires = "http", allow_hyphen_values = true)]
    pub(crate) header: Vec<Unseen>,

    /// What to send, as JSON; without it null is sent
    #[arg(long, value_name = "TEXT", conflicts_with = "data_file", allow_hyphen_values = true)]
    pub(crate) data: Option<String>,

    /// Send what is in this file, or on standard input with -
    #[arg(long, value_name = "FILE")]
    pub(crate) data_file: Option<PathBuf>,

    /// Send bytes as they are, instead of JSON
    #[arg(long)]
    pub(crate) bytes: bool,

    /// Print status and headers of the answer before its body
    #[arg(long)]
    pub(crate) include: bool,

    /// End with 1 if the answer has status 400 or more
    #[arg(long)]
    pub(crate) fail: bool,

    /// What your platform knows about the call, as a JSON object of at most 8 KiB
    #[arg(long, value_name = "JSON")]
    pub(crate) context: Option<String>,

    /// How long the call may take, if less than the app's own limit, such as 500ms
    #[arg(long, value_name = "TIME", value_parser = above_zero::<Millis>)]
    pub(crate) timeout: Option<Millis>,

    /// Print what the call used on standard error
    #[arg(long)]
    pub(crate) usage: bool,
}
